// Puts the answers for two neighbouring ranges of a lane together, the earlier one first.

import { add } from '../base/counts.ts';
import { WINDOW_COUNTS } from '../features/window-counts.ts';
import type { ResultBatch } from '../log/ports.ts';
import { addCodes } from './dead-letter-codes.ts';
import type { Outcome } from './outcome.ts';
import { RECORD_COUNTS } from './record-counts.ts';

const resultsOf = ({ outputs, resultBatches }: Outcome): readonly ResultBatch[] =>
  outputs.slice(0, resultBatches);
const deadLettersOf = ({ outputs, resultBatches }: Outcome): readonly ResultBatch[] =>
  outputs.slice(resultBatches);

/** Both have an outcome of a version beside, or none. */
export const merge = (left: Outcome, right: Outcome): Outcome => ({
  outputs: [...resultsOf(left), ...resultsOf(right), ...deadLettersOf(left), ...deadLettersOf(right)],
  resultBatches: left.resultBatches + right.resultBatches,
  ...add(RECORD_COUNTS, left, right),
  refusal: left.refusal ?? right.refusal,
  deadLetterCodes: addCodes(left.deadLetterCodes, right.deadLetterCodes),
  deadLetterOffsets: { ...left.deadLetterOffsets, ...right.deadLetterOffsets },
  windows: add(WINDOW_COUNTS, left.windows, right.windows),
  timestamps: {
    timestampsMs: [...left.timestamps.timestampsMs, ...right.timestamps.timestampsMs],
    counts: [...left.timestamps.counts, ...right.timestamps.counts],
  },
  decodeMs: left.decodeMs + right.decodeMs,
  predictMs: left.predictMs + right.predictMs,
  encodeMs: left.encodeMs + right.encodeMs,
  traced: left.traced.concat(right.traced),
  ...(left.beside === undefined || right.beside === undefined
    ? {}
    : { beside: merge(left.beside, right.beside) }),
});
