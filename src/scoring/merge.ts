// Puts the answers for two neighbouring ranges of a lane together, the earlier one first.

import type { ResultBatch } from '../log/ports.ts';
import type { ScoredMicroBatch } from './scored-micro-batch.ts';

const resultsOf = ({ outputs, resultBatches }: ScoredMicroBatch): readonly ResultBatch[] =>
  outputs.slice(0, resultBatches);
const deadLettersOf = ({ outputs, resultBatches }: ScoredMicroBatch): readonly ResultBatch[] =>
  outputs.slice(resultBatches);

export const merge = (left: ScoredMicroBatch, right: ScoredMicroBatch): ScoredMicroBatch => ({
  outputs: [...resultsOf(left), ...resultsOf(right), ...deadLettersOf(left), ...deadLettersOf(right)],
  resultBatches: left.resultBatches + right.resultBatches,
  scored: left.scored + right.scored,
  deadLetters: left.deadLetters + right.deadLetters,
  skipped: left.skipped + right.skipped,
  unplaced: left.unplaced + right.unplaced,
  refusal: left.refusal ?? right.refusal,
  windows: {
    late: left.windows.late + right.windows.late,
    forgotten: left.windows.forgotten + right.windows.forgotten,
    hurried: left.windows.hurried + right.windows.hurried,
    ahead: left.windows.ahead + right.windows.ahead,
  },
  timestamps: {
    timestampsMs: [...left.timestamps.timestampsMs, ...right.timestamps.timestampsMs],
    counts: [...left.timestamps.counts, ...right.timestamps.counts],
  },
  decodeMs: left.decodeMs + right.decodeMs,
  predictMs: left.predictMs + right.predictMs,
  encodeMs: left.encodeMs + right.encodeMs,
});
