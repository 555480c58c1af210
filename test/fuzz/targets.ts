// What is fuzzed, and what must hold: whatever the bytes are, a decoder gives features, a dead
// letter or an error that is on the list. The compiled readers must agree with the general one on
// every damaged value (decision 0008).

import { crc32c } from '@node-rs/crc32';
import avro from 'avsc';
import { type Int64, viewOf } from '../../src/base/int64.ts';
import { AvroReader } from '../../src/codec/avro.ts';
import { codecs, type Format } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import type { Random } from '../../src/load/random.ts';
import { COMPRESSION_TYPES } from '../../src/log/compression.ts';
import { AT, type RawRecordBatch, splitRecordBatches } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders, RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { AvroRecord, WalkingAvroReader } from '../../src/reading/avro-reader.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { fieldInput } from '../support/inputs.ts';
import { COUNTS, setupWith, transactions } from '../support/model.ts';
import { scorerWith, sums } from '../support/scorer.ts';
import { mutate } from './mutate.ts';
import { windows } from './windows.ts';

/** One case: throws when what must hold does not. Returns how it ended, for the count. */
export type Target = (random: Random) => 'scored' | 'dead letter' | 'fetch error';

const INPUTS = [
  fieldInput('a'),
  fieldInput('list', { count: 3, default: 0.5 }),
  fieldInput('card.amount', { log1p: true, mean: 2 }),
];
const IDS = ['id', 'card.number', 'absent'];
const WIDTH = 5;
const VALUES = [
  { id: 7, a: 1.5, list: [1, 2, 3], card: { amount: 12.25, number: 'x"\\ü' }, more: [[{}], null, true] },
  {
    card: { number: [1, [2]], amount: 3, deep: { deeper: {} } },
    list: [0.1, -2, 1e9],
    id: 'long id '.repeat(9),
    a: -0,
  },
  {
    a: 123456789012345680000,
    list: [2 ** 40, -7, 1e-7],
    card: { amount: 0 },
    id: null,
    text: 'y'.repeat(300),
  },
];

function reader(format: Format): Target {
  const general = generalReader(codecs[format], compilePlan(INPUTS), IDS);
  const valid = VALUES.map((value) => Uint8Array.from(codecs[format].encode(value)));
  return agreeing(general, compileReader(format, INPUTS, IDS), valid);
}

const AVRO = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'id', type: ['null', 'long', 'string'] },
    { name: 'more', type: { type: 'map', values: ['null', 'bytes'] } },
    { name: 'a', type: 'double' },
    { name: 'list', type: { type: 'array', items: 'float' } },
    {
      name: 'card',
      type: {
        type: 'record',
        name: 'Card',
        fields: [
          { name: 'number', type: 'string' },
          { name: 'amount', type: 'int' },
          { name: 'nulls', type: { type: 'array', items: 'null' } },
        ],
      },
    },
  ],
} as const;

function avroReader(): Target {
  const options = { framing: 'plain', schema: JSON.stringify(AVRO), writers: [], schemasMax: 1 } as const;
  const record = new AvroRecord(INPUTS);
  const parts = { options, inputs: INPUTS, plan: compilePlan(INPUTS, record), record, idPaths: IDS };
  const compiled = new WalkingAvroReader({ ...parts, nestingMax: 64 });
  const type = avro.Type.forSchema(AVRO as never, { wrapUnions: 'always' });
  const valid = [
    { id: { long: 7 }, more: { x: null, y: { bytes: Buffer.from('abc') } }, a: 1.5, list: [1, 2, 3] },
    { id: { string: 'x' }, more: {}, a: -0, list: [0.5, -2, 1e9] },
    { id: null, more: { z: null }, a: 1e300, list: [] },
  ].map((value, index) =>
    type.toBuffer({ ...value, card: { number: 'ü', amount: 12 - 9 * index, nulls: [null, null] } }),
  );
  return agreeing(generalReader(new AvroReader(options), compilePlan(INPUTS), IDS), compiled, valid);
}

/**
 * The compiled reader must find what the general one does, in values that are damaged in some way.
 */
function agreeing(general: InputReader, compiled: InputReader, valid: readonly Uint8Array[]): Target {
  const [expected, found] = [new Float32Array(WIDTH), new Float32Array(WIDTH)];
  return (random) => {
    const pick = (): Uint8Array => valid[random.below(valid.length)] as Uint8Array;
    const bytes = mutate(pick(), pick(), random);
    // A place that is left alone would hold what another record put there.
    expected.fill(Number.NaN);
    found.fill(Number.NaN);
    const wanted = general.read(bytes, 0, bytes.byteLength, expected, 0, 0);
    const refused = compiled.read(bytes, 0, bytes.byteLength, found, 0, 0);
    const same =
      wanted?.code === refused?.code &&
      (wanted !== null ||
        expected.every((feature, index) => Number.isFinite(feature) && Object.is(feature, found[index])));
    if (same && wanted !== null) return 'dead letter';
    if (!same || JSON.stringify(printable(general.ids(0))) !== JSON.stringify(printable(compiled.ids(0)))) {
      const said = [wanted, refused].map((each) => each?.message ?? 'features');
      throw new Error(`${said.join(', compiled: ')}: ${Buffer.from(bytes).toString('hex')}`);
    }
    return 'scored';
  };
}

/** Bigints and bytes have no JSON. */
const printable = (ids: readonly unknown[]): unknown[] =>
  ids.map(
    (id) => JSON.stringify(id, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)) ?? 'none',
  );

const PREDICTED = sums([]);
const BOUNDS = { inflatedBytesMax: 2 ** 20, recordBytesMax: 2 ** 16, headersMax: 50 };

/**
 * As a broker could send it: the fields of the header, the records, compressed data; half of them
 * with a CRC that is right.
 */
function recordBatch(): Target {
  const values = transactions(3).map((value) => codecs.msgpack.encode(value));
  const headers = encodeHeaders([
    { key: 'trace', value: Buffer.from('1') },
    { key: '', value: null },
  ]);
  const valid = COMPRESSION_TYPES.flatMap((compression) => {
    const writer = new RecordBatchWriter();
    for (const [index, value] of values.entries())
      writer.appendRecord(TIMESTAMPS[index] as Int64, Buffer.from(`k${index}`), value, headers);
    writer.appendRecord(9, null, null);
    const { bytes } = writer.finish(compression);
    return compression === 'snappy' ? [bytes, xerial(bytes)] : [bytes];
  });
  return (random) => {
    const pick = (): Uint8Array => valid[random.below(valid.length)] as Uint8Array;
    const bytes = mutate(pick(), pick(), random);
    if (bytes.byteLength > AT.records && random.next() < 0.9) mend(bytes, random);
    let batches: RawRecordBatch[];
    try {
      batches = splitRecordBatches(bytes);
    } catch (error) {
      return listed(error, ['SCORELANE_UNSUPPORTED_FORMAT', 'RangeError']);
    }
    const [first, last] = [batches[0], batches.at(-1)];
    if (first === undefined || last === undefined) return 'fetch error';
    const buffer = Uint8Array.from(bytes).buffer;
    const part = {
      topic: 'in',
      partition: 0,
      first: 0,
      until: Number.MAX_SAFE_INTEGER,
      byteLength: buffer.byteLength,
      omit: [],
      verdict: null,
      state: null,
    } as const;
    const request = { type: 'score', parts: [part], bytes: buffer, spares: [], counts: COUNTS } as const;
    try {
      const { scored, outputs } = scorer.score(request)[0] as Outcome;
      sameTimestamps(
        batches,
        outputs.flatMap(({ bytes: output }) => splitRecordBatches(output)),
      );
      return scored > 0 ? 'scored' : 'dead letter';
    } catch (error) {
      return listed(error, LISTED);
    }
  };
}

const scorer = scorerWith(PREDICTED, setupWith({ ...BOUNDS, deadLetterDialects: ['connect', 'spring'] }));
/** What a lane stops for, with its name in the log: never a fault of a worker. */
const LISTED = [
  'SCORELANE_DAMAGED_BATCH',
  'SCORELANE_INFLATION_BOUND',
  'SCORELANE_COMPRESSION',
  'SCORELANE_UNSUPPORTED_FORMAT',
];

function listed(error: unknown, codes: readonly string[]): 'fetch error' {
  const { code, name } = error as { readonly code?: string; readonly name: string };
  if (!codes.includes(code ?? name)) throw error;
  return 'fetch error';
}

/** Milliseconds, nanoseconds, and Java's Long.MAX_VALUE, in one batch. */
const TIMESTAMPS: readonly Int64[] = [1_700_000_000_000, 1_700_000_000_123_456_789n, 2n ** 63n - 1n];

/**
 * Each record has one answer, with the timestamp that it had, whatever it and its neighbours took
 * for a time.
 */
function sameTimestamps(records: readonly RawRecordBatch[], answers: readonly RawRecordBatch[]): void {
  const [given, found] = [records, answers].map((batches) => batches.flatMap(timestampsOf).sort().join());
  if (given !== found) throw new Error(`answers have the timestamps ${found}, their records ${given}`);
}

function timestampsOf(batch: RawRecordBatch): string[] {
  const records = openRecordBatch(batch, BOUNDS.inflatedBytesMax);
  const timestamps: string[] = [];
  while (records.next())
    if (records.offset >= 0 && records.offset < Number.MAX_SAFE_INTEGER)
      timestamps.push(String(records.timestamp));
  return timestamps;
}

/** Puts the length and the CRC right, so that what is behind them is reached. */
function mend(bytes: Uint8Array, random: Random): void {
  const view = viewOf(bytes);
  view.setInt32(AT.batchLength, bytes.byteLength - 12);
  if (random.next() < 0.9) view.setInt8(AT.magic, 2);
  view.setUint32(AT.crc, crc32c(bytes.subarray(AT.attributes)));
}

/** The same batch in the framing of Xerial's snappy, which Java clients write. */
function xerial(batch: Uint8Array): Uint8Array {
  const data = batch.subarray(AT.records);
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(data.byteLength);
  const bytes = new Uint8Array(Buffer.concat([batch.subarray(0, AT.records), head, length, data]));
  viewOf(bytes).setInt32(AT.batchLength, bytes.byteLength - 12);
  viewOf(bytes).setUint32(AT.crc, crc32c(bytes.subarray(AT.attributes)));
  return bytes;
}

export const TARGETS: Readonly<Record<string, Target>> = {
  'record batch': recordBatch(),
  msgpack: reader('msgpack'),
  json: reader('json'),
  avro: avroReader(),
  'msgpack windows': windows('msgpack'),
  'json windows': windows('json'),
};
