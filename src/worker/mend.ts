// What becomes of records that their topic refuses. A result record becomes a dead letter of its
// input record, and its neighbours stay as they were scored: nothing is decoded or predicted again,
// and no state sees a record twice. A dead letter that is refused for its timestamp gets the
// present time, and the old one in a header. Why: docs/decisions/0018-what-the-topic-refuses.md

import { ERROR_OFFSET, ERROR_TIMESTAMP } from '../answers/dead-letter.ts';
import { SOURCE_OFFSET } from '../answers/source-headers.ts';
import { ScorelaneError } from '../base/errors.ts';
import type { Int64 } from '../base/int64.ts';
import { viewOf } from '../base/int64.ts';
import type { Rejection } from '../features/rejection.ts';
import { COMPRESSION_TYPES } from '../log/compression.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import type { ResultBatch } from '../log/ports.ts';
import { readHeader, splitRecordBatches } from '../log/record-batch.ts';
import {
  openRecordBatch,
  parseHeaders,
  type RecordReader,
  type RecordView,
} from '../log/record-batch-reader.ts';
import { encodeHeaders, type RecordBatchWriter } from '../log/record-batch-writer.ts';
import type { Mended, MendRequest, RefusedOutput, ScorerSetup } from '../worker-protocol/messages.ts';
import { type PendingRow, rowOf } from './row.ts';
import { appendDeadLetter } from './write/append-dead-letter.ts';
import { Outputs } from './write/outputs.ts';

/** A dead letter has nowhere else to go: its lane stops. */
export class DeadLetterRefusedError extends ScorelaneError {
  readonly code = 'SCORELANE_DEAD_LETTER_REFUSED';
}

interface Model {
  readonly name: string;
  readonly version: string;
}

/** Our own batches inflate to the bytes that they were made of. */
const ANY_SIZE = 2 ** 31 - 1;
const NEW_BUFFERS = { acquire: (byteLength: number) => new ArrayBuffer(byteLength), giveBack: () => {} };

/**
 * Throws `DeadLetterRefusedError`. `nowMs` becomes the time of a dead letter whose own time is
 * refused.
 */
export function mend(request: MendRequest, setup: ScorerSetup, model: Model, nowMs: number): Mended {
  const messages = new Map<number, string>();
  const keep = (output: RefusedOutput): number => request.outputs.indexOf(output);
  const [others, results] = [isLetter, isResult].map((kind) => request.outputs.filter(kind)) as Kinds;
  const letters = others.filter(({ batch }) => batch.topic === setup.deadLetters);
  const routes = others.filter(({ batch }) => batch.topic !== setup.deadLetters);
  const refusing = routes.find(({ refused }) => refused !== null);
  if (refusing !== undefined) throw routeRefused(refusing);
  const written = results.flatMap((output): readonly (ResultBatch | number)[] =>
    output.refused === null ? [keep(output)] : withoutRefused(output, setup, messages),
  );
  if (messages.size > 0) {
    const deadLetters = mergedLetters(request, letters, messages, setup, model);
    const routed = routes.flatMap(
      (output): readonly (ResultBatch | number)[] => withoutDead(output, setup, messages) ?? [keep(output)],
    );
    return {
      results: written,
      deadLetters: [...deadLetters, ...routed],
      refused: messages.size,
      refusal: firstOf(messages),
      refusedOffset: Math.max(...messages.keys()),
    };
  }
  const deadLetters = letters.flatMap((output): readonly (ResultBatch | number)[] =>
    output.refused === null ? [keep(output)] : redated(output, setup, nowMs),
  );
  return {
    results: written,
    deadLetters: [...deadLetters, ...routes.map(keep)],
    refused: 0,
    refusal: null,
    refusedOffset: null,
  };
}

type Kinds = [RefusedOutput[], RefusedOutput[]];
const isLetter = ({ isDeadLetter }: RefusedOutput): boolean => isDeadLetter;
const isResult = ({ isDeadLetter }: RefusedOutput): boolean => !isDeadLetter;

const firstOf = (messages: ReadonlyMap<number, string>): string => {
  const [[offset, message] = [Number.NaN, '']] = messages;
  return `${CODE}: offset ${offset}: ${message}`;
};

/** Its record has its result already: a dead letter would be a second answer. */
function routeRefused({ batch: { topic }, refused }: RefusedOutput): DeadLetterRefusedError {
  return new DeadLetterRefusedError(
    `${topic}, of output.routes or model.shadowTopic, refuses a result: ${refused?.records[0]?.message}`,
  );
}

const CODE = 'RESULT_REFUSED';
const rejectionFor = (topic: string, message: string): Rejection => ({
  stage: 'produce',
  code: CODE,
  message: `${topic} does not take the result: ${message}`,
});

const open = ({ bytes }: ResultBatch): RecordReader =>
  openRecordBatch({ header: readHeader(bytes), bytes }, ANY_SIZE);

/** Our headers stand behind the record's own, which may have the same names. */
const offsetIn = (record: RecordView, name: string): number =>
  Number(Buffer.from(parseHeaders(record).findLast(({ key }) => key === name)?.value ?? []).toString());

const bytesOf = (from: RecordView): number =>
  from.keyEnd - from.keyStart + from.valueEnd - from.valueStart + from.headersEnd - from.headersStart;

function copyTo(writer: RecordBatchWriter, from: RecordView, timestamp: Int64, headers?: Uint8Array): void {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } = from;
  const view = viewOf(bytes);
  const [block, start, end] =
    headers === undefined ? [view, headersStart, headersEnd] : [viewOf(headers), 0, headers.byteLength];
  writer.append(timestamp, bytes, keyStart, keyEnd, view, valueStart, valueEnd, block, start, end);
}

/**
 * Writes the records that are not appended yet again. `visit` writes one, and is told what the
 * topic said about it.
 */
function rewritten(
  { batch, refused }: RefusedOutput,
  { resultBatchBytesMax }: ScorerSetup,
  visit: (record: RecordReader, message: string | undefined, writers: PartitionWriters) => void,
): ResultBatch[] {
  const compression = COMPRESSION_TYPES[readHeader(batch.bytes).compression];
  const writers = new PartitionWriters(batch.topic, resultBatchBytesMax, compression);
  const messages = new Map(refused?.records.map(({ index, message }) => [index, message]));
  const records = open(batch);
  for (let index = 0; records.next(); index++) {
    if (index >= (refused?.appended ?? 0)) visit(records, messages.get(index), writers);
  }
  return writers.flush();
}

/** A result batch without those records; `into` gets their offsets in the input. */
const withoutRefused = (
  output: RefusedOutput,
  setup: ScorerSetup,
  into: Map<number, string>,
): ResultBatch[] =>
  rewritten(output, setup, (record, message, writers) => {
    if (message !== undefined) into.set(offsetIn(record, SOURCE_OFFSET), message);
    else copyTo(writers.writerFor(output.batch.partition, bytesOf(record)), record, record.timestamp);
  });

/**
 * What goes to a route, without results whose records are dead letters now; null if it has none of
 * them. Sinks write results first: nothing of the route is appended when they are refused.
 */
function withoutDead(
  output: RefusedOutput,
  setup: ScorerSetup,
  messages: ReadonlyMap<number, string>,
): ResultBatch[] | null {
  let dead = 0;
  const { partition } = output.batch;
  const left = rewritten(output, setup, (record, _, writers) => {
    if (messages.has(offsetIn(record, SOURCE_OFFSET))) dead++;
    else copyTo(writers.writerFor(partition, bytesOf(record)), record, record.timestamp);
  });
  return dead === 0 ? null : left;
}

/**
 * All dead letters of the micro-batch, in input order: those that it had, and one for each refused
 * result.
 */
function mergedLetters(
  { topic, partition, incarnation, bytes, counts }: MendRequest,
  letters: readonly RefusedOutput[],
  messages: ReadonlyMap<number, string>,
  setup: ScorerSetup,
  { name, version }: Model,
): ResultBatch[] {
  const { resultBatchBytesMax, compression, results, deadLetters } = setup;
  const into = new Outputs(deadLetters, resultBatchBytesMax, compression, NEW_BUFFERS);
  into.spreadOver(counts.deadLetters, counts.input);
  const found: { readonly row: PendingRow; readonly offset: number; readonly message?: string }[] = [];
  for (const { batch } of letters) {
    const records = open(batch);
    while (records.next()) found.push({ row: rowOf(records), offset: offsetIn(records, ERROR_OFFSET) });
  }
  for (const batch of splitRecordBatches(bytes)) {
    const records = openRecordBatch(batch, setup.inflatedBytesMax);
    while (records.next()) {
      const message = messages.get(records.offset);
      if (message !== undefined) found.push({ row: rowOf(records), offset: records.offset, message });
    }
  }
  const context = { topic, partition, incarnation, model: name, version };
  for (const { row, message } of found.sort((left, right) => left.offset - right.offset)) {
    if (message === undefined) {
      const rest = bytesOf(row) - (row.keyEnd - row.keyStart);
      copyTo(into.writerFor(partition, row.bytes, row.keyStart, row.keyEnd, rest), row, row.timestamp);
    } else {
      const rejection = rejectionFor(results, message);
      appendDeadLetter(into, row, rejection, context, setup.deadLetterDialects);
    }
  }
  return into.flush();
}

/**
 * Dead letters, those refused for their timestamps with another one. Throws
 * `DeadLetterRefusedError` for other reasons.
 */
const redated = (output: RefusedOutput, setup: ScorerSetup, nowMs: number): ResultBatch[] =>
  rewritten(output, setup, (record, message, writers) => {
    const { partition, topic } = output.batch;
    if (message === undefined) {
      copyTo(writers.writerFor(partition, bytesOf(record)), record, record.timestamp);
      return;
    }
    const isDated = parseHeaders(record).at(-1)?.key === ERROR_TIMESTAMP;
    if (output.refused?.ofTime !== true || isDated) {
      const offset = offsetIn(record, ERROR_OFFSET);
      throw new DeadLetterRefusedError(`${topic} refuses the dead letter of offset ${offset}: ${message}`);
    }
    const { bytes, headersStart, headersEnd } = record;
    const value = Buffer.from(String(record.timestamp));
    const block = encodeHeaders([{ key: ERROR_TIMESTAMP, value }], bytes.subarray(headersStart, headersEnd));
    const size = bytesOf(record) + block.byteLength;
    copyTo(writers.writerFor(partition, size), record, nowMs, block);
  });
