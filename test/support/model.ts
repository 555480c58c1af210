// The shipped model, a setup to score with it, and records that it can score.

import { join } from 'node:path';
import { type Int64, viewOf, writeInt64 } from '../../src/base/int64.ts';
import { codecs, type Format } from '../../src/codec/codecs.ts';
import { generateTransactions } from '../../src/load/transactions.ts';
import type { CompressionType } from '../../src/log/compression.ts';
import { type NextOffset, startingAt } from '../../src/log/offset.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { AT, type RawRecordBatch, readHeader } from '../../src/log/record-batch.ts';
import { openRecordBatch, parseHeaders } from '../../src/log/record-batch-reader.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import type { Deployment, PartitionCounts, ScorerSetup } from '../../src/worker-protocol/messages.ts';
import { INFLATED_BYTES_MAX } from './records.ts';

export const MODEL_FOLDER = join(import.meta.dirname, '..', '..', 'native-models', 'creditcard', '1');

export const setupWith = (more: Partial<ScorerSetup> = {}): ScorerSetup => ({
  modelFolder: MODEL_FOLDER,
  backend: 'wasm',
  inputFormat: 'msgpack',
  avro: null,
  json: { isFramed: false, schemas: [], notFinite: false },
  only: {},
  tombstones: 'deadLetter',
  resultFormat: 'msgpack',
  idPaths: ['id'],
  results: 'out',
  deadLetters: 'dead',
  routes: [],
  deadLetterDialects: [],
  compression: 'none',
  predictRecordsMax: 16,
  resultBatchBytesMax: 2 ** 20,
  inflatedBytesMax: INFLATED_BYTES_MAX,
  recordBytesMax: 2 ** 24,
  headersMax: 1000,
  nestingMax: 64,
  features: false,
  job: '',
  resultFrame: new Uint8Array(0),
  tracing: null,
  ...more,
});

/** Room enough for a thread. */
export const GROWTH = { bytesMax: 2 ** 30, tensorsMax: 1000 };

/** A model as threads know it. */
export const deploymentOf = (more: Partial<ScorerSetup> = {}): Deployment => ({
  id: 'm@1',
  setup: setupWith(more),
});

/** One partition each. */
export const COUNTS: PartitionCounts = { input: 1, results: 1, deadLetters: 1 };

/** Topics that stay as they are. */
export const COUNTER = { now: COUNTS, ask: async () => true, inputHas: () => {}, lacks: async () => false };

/** The first transactions of a seed. */
export function transactions(count: number, seed = 1): Record<string, unknown>[] {
  const stream = generateTransactions(join(MODEL_FOLDER, 'generator.json'), seed);
  return Array.from({ length: count }, () => ({ ...stream.next().value.value }));
}

export interface Given {
  readonly key: string | null;
  /** Encoded in the format, or bytes as they are. */
  readonly value: Record<string, unknown> | Uint8Array | null;
  /** A headers block; none is the default. */
  readonly headers?: Uint8Array;
  readonly timestamp?: Int64;
}

/** A micro-batch with one record batch that starts at `baseOffset`. */
export function microBatchOf(
  records: readonly Given[],
  format: Format = 'msgpack',
  baseOffset = 0,
  compression: CompressionType = 'none',
): MicroBatch {
  const writer = new RecordBatchWriter();
  records.forEach(({ key, value, headers, timestamp }, index) => {
    const bytes = value === null || value instanceof Uint8Array ? value : codecs[format].encode(value);
    writer.appendRecord(timestamp ?? 1_000 + index, key === null ? null : Buffer.from(key), bytes, headers);
  });
  const { bytes } = writer.finish(compression);
  writeInt64(viewOf(bytes), AT.baseOffset, baseOffset);
  const batch: RawRecordBatch = { header: readHeader(bytes), bytes };
  return {
    id: 1,
    epoch: 1,
    topic: 'in',
    partition: 0,
    first: startingAt(baseOffset),
    next: (baseOffset + records.length) as NextOffset,
    batches: [batch],
    trigger: 'full',
  };
}

export interface OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: Uint8Array | null;
  readonly timestampMs: Int64;
  readonly headers: Readonly<Record<string, string>>;
}

export const outputsOf = ({ outputs }: Pick<Outcome, 'outputs'>): OutputRecord[] =>
  outputs.flatMap(readOutput);

function readOutput({ topic, partition, bytes }: ResultBatch): OutputRecord[] {
  const reader = openRecordBatch({ header: readHeader(bytes), bytes }, INFLATED_BYTES_MAX);
  const records: OutputRecord[] = [];
  while (reader.next()) {
    const key = reader.key();
    records.push({
      topic,
      partition,
      key: key === null ? null : Buffer.from(key).toString(),
      value: reader.value(),
      timestampMs: reader.timestamp,
      headers: Object.fromEntries(
        parseHeaders(reader).map(({ key: name, value }) => [name, Buffer.from(value ?? []).toString()]),
      ),
    });
  }
  return records;
}
