// Records of requests as a micro-batch, and what became of it as an answer for each record.

import { parseDeadLetter } from '../answers/dead-letter.ts';
import { SOURCE_OFFSET } from '../answers/source-headers.ts';
import { startingAt } from '../log/offset.ts';
import type { ResultBatch } from '../log/ports.ts';
import { readHeader } from '../log/record-batch.ts';
import { openRecordBatch, parseHeaders, type RecordReader } from '../log/record-batch-reader.ts';
import { RecordBatchWriter } from '../log/record-batch-writer.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';

/** A record as a producer would have sent it. */
export interface GivenRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly timestampMs: number;
}

export interface AnswersOptions {
  readonly deadLetterTopic: string;
  readonly inflatedBytesMax: number;
}

/** What a record gets. */
export type RecordAnswer =
  /** The value of its result, in the format of the output. */
  | { readonly result: Uint8Array }
  /** What would be said in a dead letter. */
  | { readonly error: { readonly stage: string; readonly code: string; readonly message: string } }
  /** None of the model's business: `input.only`, and tombstones that are skipped. */
  | { readonly skipped: true };

/** The micro-batch of these records; their offsets are their numbers. */
export function microBatchOf(lane: LaneAddress, records: readonly GivenRecord[]): MicroBatch {
  const writer = new RecordBatchWriter();
  for (const { timestampMs, key, value } of records) writer.appendRecord(timestampMs, key, value);
  const { bytes } = writer.finish();
  return {
    ...{ ...lane, id: 0, trigger: 'linger' },
    first: startingAt(0),
    next: startingAt(records.length),
    batches: [{ header: readHeader(bytes), bytes }],
  };
}

/**
 * An answer for each of `count` records. Nothing in it is part of the outcome any more. Throws what
 * opening its record batches throws.
 */
export function answersOf(
  { outputs, resultBatches, deadLetters, scored, skipped }: Outcome,
  count: number,
  { deadLetterTopic, inflatedBytesMax }: AnswersOptions,
): readonly RecordAnswer[] {
  const answers = new Array<RecordAnswer>(count);
  // Behind the dead letters there are the results for routes, once more.
  const letters =
    deadLetters === 0 ? [] : outputs.slice(resultBatches).filter(({ topic }) => topic === deadLetterTopic);
  for (const record of recordsIn(letters, inflatedBytesMax)) {
    const reason = parseDeadLetter(record)?.reason;
    if (reason === undefined) throw new TypeError('a dead letter without its reason');
    const { offset, stage, code, message } = reason;
    answers[offset] = { error: { stage, code, message } };
  }
  const isWhole = scored === count;
  let next = 0;
  for (const record of recordsIn(outputs.slice(0, resultBatches), inflatedBytesMax)) {
    const { bytes, valueStart, valueEnd } = record;
    if (!isWhole) next = skipped === 0 ? freeFrom(answers, next) : offsetOf(record);
    answers[next++] = { result: bytes.slice(valueStart, valueEnd) };
  }
  for (let index = 0; index < count; index++) answers[index] ??= { skipped: true };
  return answers;
}

function freeFrom(answers: readonly RecordAnswer[], from: number): number {
  let index = from;
  while (answers[index] !== undefined) index++;
  return index;
}

function offsetOf(record: RecordReader): number {
  const offset = parseHeaders(record).find(({ key }) => key === SOURCE_OFFSET)?.value;
  return Number(Buffer.from(offset ?? []).toString());
}

function* recordsIn(batches: readonly ResultBatch[], inflatedBytesMax: number): Generator<RecordReader> {
  for (const { bytes } of batches) {
    const records = openRecordBatch({ header: readHeader(bytes), bytes }, inflatedBytesMax);
    while (records.next()) yield records;
  }
}
