// `tail` and `dlq show` print every record, whatever is in it: one that they cannot print would
// hide all behind it. What is no text or no value is base64 in a field of its own.

import test from 'ava';
import fc from 'fast-check';
import type { Int64 } from '../../src/base/int64.ts';
import { codecs, INPUT_FORMATS } from '../../src/codec/codecs.ts';
import { type KeptRecord, recordLine } from '../../src/commands/record-line.ts';
import { ValueDecoder, type ValueForm } from '../../src/reading/value-decoder.ts';
import { anyInt64 } from '../support/int64.ts';

const recordOf = (timestamp: Int64, value: Uint8Array | null): KeptRecord => ({
  partition: 1,
  offset: 7,
  timestamp,
  timestampMs: Number(timestamp),
  bytes: value ?? new Uint8Array(0),
  keyStart: -1,
  keyEnd: -1,
  valueStart: value === null ? -1 : 0,
  valueEnd: value?.byteLength ?? -1,
  headersStart: 0,
  headersEnd: 0,
});

const formOf = (format: ValueForm['format']): ValueForm => ({
  format,
  avro:
    format === 'avro'
      ? { framing: 'confluent', schema: null, writers: [], schemasMax: 10, registry: null }
      : null,
  isFramed: true,
});

async function shown(timestamp: Int64, value: Uint8Array | null, format: ValueForm['format']) {
  const record = recordOf(timestamp, value);
  const line = recordLine(record, await new ValueDecoder(formOf(format)).decode(record), [
    { key: 'h', value: Uint8Array.of(0xff) },
    { key: 'text', value: Buffer.from('ü') },
    { key: 'none', value: null },
  ]);
  return { line, found: JSON.parse(line) as Record<string, unknown> };
}

test('a time in nanoseconds stands there with its digits, one in milliseconds as a date', async (t) => {
  t.is((await shown(1_700_000_000_123, null, 'json')).found.timestamp, '2023-11-14T22:13:20.123Z');
  t.is((await shown(1_700_000_000_123_456_789n, null, 'json')).found.timestamp, '1700000000123456789');
});

test('integers past 2^53 keep their digits', async (t) => {
  const id = 2n ** 64n - 1n;
  t.true((await shown(0, codecs.msgpack.encode({ id }), 'msgpack')).line.includes(`${id}`));
  t.true((await shown(0, Buffer.from(`{"id":${id}}`), 'json')).line.includes(`${id}`));
});

test('what cannot be decoded is base64 in a field of its own, and no text is taken for a value', async (t) => {
  const damaged = await shown(0, Buffer.from('{"id":'), 'json');
  t.deepEqual([damaged.found.value, damaged.found.valueBase64], [undefined, 'eyJpZCI6']);
  const text = await shown(0, Buffer.from('"0xff"'), 'json');
  t.deepEqual([text.found.value, text.found.valueBase64], ['0xff', undefined]);
  t.deepEqual(text.found.headers, [
    { key: 'h', valueBase64: '/w==' },
    { key: 'text', value: 'ü' },
    { key: 'none', value: null },
  ]);
});

test('NaN and the infinities are text, in lists too: null would be another value', async (t) => {
  const value = { a: Number.NaN, b: [1, Number.NEGATIVE_INFINITY], c: null };
  const { found } = await shown(0, codecs.msgpack.encode(value), 'msgpack');
  t.deepEqual(found.value, { a: 'NaN', b: [1, '-Infinity'], c: null });
});

test('JSON in a frame is decoded behind it', async (t) => {
  t.deepEqual((await shown(0, Buffer.from('\0\0\0\0\u0007{"a":1}'), 'json')).found.value, { a: 1 });
});

test('lists that are nested too deep for JSON are base64', async (t) => {
  const deep = Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.from([1])]);
  t.is((await shown(0, deep, 'msgpack')).found.valueBase64, deep.toString('base64'));
});

test('whatever the timestamp and the bytes are, it is one line of JSON', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      anyInt64(),
      fc.option(fc.uint8Array()),
      fc.constantFrom(...INPUT_FORMATS),
      async (timestamp, value, format) => {
        const { line, found } = await shown(timestamp, value, format);
        t.false(line.includes('\n'));
        const names = Object.keys(found).map((name) => (name === 'valueBase64' ? 'value' : name));
        t.deepEqual(names, ['partition', 'offset', 'timestamp', 'key', 'value', 'headers']);
      },
    ),
  );
});
