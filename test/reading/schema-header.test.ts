// The header that names the schema of a value, as Confluent's serializers write it: wherever it
// stands among others, and nothing else.

import test from 'ava';
import fc from 'fast-check';
import type { NamedSchema } from '../../src/codec/avro.ts';
import type { RecordView } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders } from '../../src/log/record-batch-writer.ts';
import { schemaInHeaders } from '../../src/reading/schema-header.ts';

const NAME = '__value_schema_id';
const GUID = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');

/** Other bytes stand around the block, and the bytes are in the middle of their buffer. */
function named(block: Uint8Array): NamedSchema {
  const whole = Buffer.concat([Buffer.alloc(5, 7), Buffer.alloc(2, 2), block, Buffer.alloc(40, 2)]);
  const bytes = new Uint8Array(whole.buffer, whole.byteOffset + 5, whole.length - 5);
  return schemaInHeaders({ bytes, headersStart: 2, headersEnd: 2 + block.length } as unknown as RecordView);
}

const of = (...headers: readonly (readonly [string, Uint8Array | null])[]): NamedSchema =>
  named(encodeHeaders(headers.map(([key, value]) => ({ key, value }))));

test('a number and a GUID are read', (t) => {
  t.is(of([NAME, Buffer.of(0, 0, 0, 1, 2)]), 258);
  t.is(of([NAME, Buffer.of(1, ...GUID)]), '01020304-0506-0708-090a-0b0c0d0e0f10');
});

test('without such a header nothing is named, whatever the others are', (t) => {
  t.is(of(), null);
  t.is(of(['a', Buffer.of(0, 0, 0, 1, 2)]), null);
  t.is(of(['__key_schema_id', Buffer.of(0, 0, 0, 1, 2)]), null);
  t.is(of([`${NAME}s`, Buffer.of(0, 0, 0, 1, 2)], [NAME.slice(1), null]), null);
  t.is(of(['__value_schema_ie', Buffer.of(0, 0, 0, 1, 2)]), null);
  t.is(named(new Uint8Array(0)), null);
});

test('it is found among any others, and the last one counts', (t) => {
  const other = fc.tuple(fc.string({ maxLength: 30 }), fc.option(fc.uint8Array({ maxLength: 30 })));
  const others = fc.array(other, { maxLength: 3 });
  fc.assert(
    fc.property(others, others, others, (before, between, after) => {
      const [first, last] = [Buffer.of(1, ...GUID), Buffer.of(0, 0, 0, 0, 9)];
      t.is(of(...before, [NAME, first], ...between, [NAME, last], ...after), 9);
    }),
  );
});

test('one of another form is told with its bytes', (t) => {
  const words = (value: Uint8Array | null): string => (of([NAME, value]) as { readonly wrong: string }).wrong;
  const found = (value: Uint8Array | null): string => words(value).split(', found ')[1] as string;
  t.regex(words(null), /^header "__value_schema_id": expected the byte 1 and a GUID/);
  t.is(found(null), '0 bytes, none');
  t.is(found(Buffer.of(1, 0, 0, 0, 9)), '5 bytes, 0100000009');
  t.is(found(Buffer.of(0, 0, 0, 9)), '4 bytes, 00000009');
  t.is(found(Buffer.of(0, ...GUID)), '17 bytes, 000102030405060708090a0b0c0d0e0f10');
  t.is(found(Buffer.of(1, ...GUID, 3)), '18 bytes, 010102030405060708090a0b0c0d0e0f10');
  t.is(found(Buffer.of(1, ...GUID.subarray(1))), '16 bytes, 0102030405060708090a0b0c0d0e0f10');
});

test('headers that do not parse name nothing', (t) => {
  const block = encodeHeaders([{ key: NAME, value: Buffer.of(0, 0, 0, 0, 9) }]);
  t.is(named(block), 9);
  t.is(named(block.subarray(0, block.length - 1)), null);
  t.is(named(Uint8Array.of(...block, 0)), null);
});
