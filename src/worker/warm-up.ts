// Before a thread says that a model is loaded, the golden records go the way that records go, in
// tasks of several sizes. Otherwise the first records after a start would wait while code is
// compiled, and while the runtime makes ready for each new number of rows.

import { codecs } from '../codec/codecs.ts';
import { RecordBatchWriter } from '../log/record-batch-writer.ts';
import type { GoldenRecord } from '../model/manifest.ts';
import type { ScoreRequest, ScorerSetup } from '../worker-protocol/messages.ts';
import type { Pipeline } from './pipeline.ts';

/** Rows of a task: as they come one by one, a few at a time, and in a backlog. */
const ROWS = [1, 3, 16, 64, 256] as const;

export interface WarmUpParts {
  readonly golden: readonly GoldenRecord[];
  readonly setup: ScorerSetup;
  /** The pipeline of a model without windows. With windows, golden records would be in a state. */
  readonly pipeline: Pipeline | null;
  /** Predicts these golden records and checks their scores. */
  readonly check: (golden: readonly GoldenRecord[]) => void;
  /** How long it may take. */
  readonly msMax: number;
  readonly nowMs: () => number;
}

/**
 * Half of the time is for the model alone, and half for all of the way. A model that is slow has
 * the smaller sizes only. Throws what `check` throws.
 */
export function warmUp({ golden, setup, pipeline, check, msMax, nowMs }: WarmUpParts): void {
  const { inputFormat, predictRecordsMax } = setup;
  // With windows golden records are the first ones in a log: a second one like the first would have
  // other features, and another score.
  const repeats = pipeline !== null;
  const sizes = ROWS.filter((rows) => rows <= predictRecordsMax && (repeats || rows <= golden.length));
  const recordsOf = (rows: number): readonly GoldenRecord[] =>
    Array.from({ length: rows }, (_, row) => golden[row % golden.length] as GoldenRecord);
  const startedMs = nowMs();
  const isOver = (share: number): boolean => nowMs() - startedMs >= msMax * share;
  for (const rows of sizes) {
    check(recordsOf(rows));
    if (isOver(0.5)) break;
  }
  if (pipeline === null || inputFormat === 'avro') return;
  const encode = (value: unknown): Uint8Array => codecs[inputFormat].encode(value).slice();
  const tasks = sizes.map((rows) => taskOf(recordsOf(rows), encode));
  let spares: readonly ArrayBuffer[] = [];
  for (let next = 0; !isOver(1); next = (next + 1) % tasks.length) {
    const outcomes = pipeline.score({ ...(tasks[next] as ScoreRequest), spares });
    spares = outcomes.flatMap(({ outputs }) => outputs.map(({ bytes }) => bytes.buffer));
  }
}

function taskOf(golden: readonly GoldenRecord[], encode: (value: unknown) => Uint8Array): ScoreRequest {
  const writer = new RecordBatchWriter();
  for (const { record, timestampMs, key } of golden)
    writer.appendRecord(timestampMs, key === undefined ? null : Buffer.from(key), encode(record));
  const { bytes } = writer.finish();
  const { byteLength } = bytes;
  const place = { topic: 'golden', partition: 0, first: 0, until: golden.length, omit: [] };
  return {
    type: 'score',
    parts: [{ ...place, byteLength, verdict: null, state: null }],
    bytes: bytes.buffer,
    spares: [],
    counts: { input: 1, results: 1, deadLetters: 1 },
  };
}
