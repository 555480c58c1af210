// What stands before a value of Avro, or beside it, says which schema it was written with: each
// framing its own way, and nothing else is taken for one.

import test from 'ava';
import {
  AvroReader,
  type Framing,
  frameOf,
  type NamedSchema,
  SchemaNeededError,
} from '../../src/codec/avro.ts';
import { canonicalSchema } from '../../src/codec/avro-canonical.ts';
import { fingerprint } from '../../src/codec/avro-fingerprint.ts';
import { Found } from '../../src/codec/avro-found.ts';
import { SchemaError } from '../../src/codec/avro-schema.ts';

const INT = '"int"';
const readerOf = (framing: Framing, schema: string | null = null, schemasMax = 10): AvroReader =>
  new AvroReader(
    { framing, schema, writers: [], schemasMax },
    { paths: [{ steps: [], place: 0 }], nestingMax: 9 },
  );

/** 21 as an int, with other bytes around. */
const VALUE = Buffer.of(42);
const around = (...parts: readonly Uint8Array[]): { readonly bytes: Buffer; readonly end: number } => {
  const bytes = Buffer.concat([Buffer.of(0, 0), ...parts, Buffer.of(0, 0)]);
  return { bytes, end: bytes.length - 2 };
};

test('a frame names the schema as its framing does', (t) => {
  t.deepEqual(Buffer.from(frameOf('confluent', INT, 0x01020304)), Buffer.of(0, 1, 2, 3, 4));
  t.deepEqual(frameOf('plain', INT, 7), new Uint8Array(0));
  const single = Buffer.from(frameOf('single-object', INT, 7));
  t.is(single.length, 10);
  t.is(single.readUInt16BE(0), 0xc301);
  t.is(single.readBigUInt64LE(2), fingerprint(canonicalSchema(INT)));
});

test('a value is read behind its frame, decoded and walked alike', (t) => {
  for (const framing of ['confluent', 'single-object', 'plain'] as const) {
    const own = readerOf(framing, framing === 'confluent' ? null : INT);
    own.learn(7, INT);
    const { bytes, end } = around(frameOf(framing, INT, 7), VALUE);
    t.is(own.decode(bytes, 2, end), 21, framing);
    const found = new Found(1);
    t.true(own.walk(bytes, 2, end, found));
    t.is(found.valueAt(0), 21);
    t.throws(() => own.decode(bytes, 2, end + 1), { message: /1 bytes follow the value/ });
  }
});

test('a schema that is named besides the value has no frame before it', (t) => {
  const own = readerOf('confluent');
  own.learn(7, INT);
  own.learn('a-guid', '"long"');
  const { bytes, end } = around(VALUE);
  const read = (named: NamedSchema): unknown => {
    own.named = named;
    return own.decode(bytes, 2, end);
  };
  t.is(read(7), 21);
  t.is(read('a-guid'), 21);
  t.is(t.throws(() => read('another'), { instanceOf: SchemaNeededError })?.id, 'another');
  t.throws(() => read({ wrong: 'the header is none' }), {
    instanceOf: RangeError,
    message: 'the header is none',
  });
  t.throws(() => read(null), { message: 'expected a zero byte and a schema number, found 2a' });
});

test('what has no frame is refused with the bytes that stand there, as many as a frame has', (t) => {
  const shown = (framing: Framing, given: Uint8Array): string | undefined => {
    const { bytes, end } = around(given);
    return t.throws(() => readerOf(framing, INT).decode(bytes, 2, end), { instanceOf: RangeError })?.message;
  };
  t.is(
    shown('confluent', Buffer.of(1, 2, 3, 4, 5, 6)),
    'expected a zero byte and a schema number, found 0102030405',
  );
  t.is(shown('confluent', Buffer.of(0, 0, 0, 7)), 'expected a zero byte and a schema number, found 00000007');
  t.is(
    shown('single-object', Buffer.from('c302000000000000000001', 'hex')),
    'expected c301 and a fingerprint, found c3020000000000000000',
  );
  t.is(
    shown('single-object', Buffer.from('c30100000000000000', 'hex')),
    'expected c301 and a fingerprint, found c30100000000000000',
  );
});

test('a check asks for the schema that a value needs, and for nothing where none is named', (t) => {
  const own = readerOf('confluent');
  const check = (given: Uint8Array, named: NamedSchema = null): number | string | null => {
    const { bytes, end } = around(given);
    own.named = named;
    try {
      own.check(bytes, 2, end);
      return null;
    } catch (error) {
      if (error instanceof SchemaNeededError) return error.id;
      throw error;
    }
  };
  t.is(check(Buffer.of(0, 0, 0, 1, 0)), 256, 'a frame without a value names one');
  t.is(check(Buffer.of(0, 0, 0, 1)), null);
  t.is(check(Buffer.of(1, 0, 0, 1, 0)), null);
  t.is(check(VALUE, 7), 7);
  t.is(check(VALUE, 'guid'), 'guid');
  t.is(check(Buffer.of(0, 0, 0, 1, 0), { wrong: 'no name' }), null, 'what is wrong is said when it is read');
  own.learn(256, INT);
  t.is(check(Buffer.of(0, 0, 0, 1, 0)), null);
  const single = readerOf('single-object', INT);
  t.notThrows(() => single.check(Buffer.of(0, 0, 0, 1, 0), 0, 5));
});

test('the schemas learnt last are kept; to learn one again makes it one of them', (t) => {
  const own = readerOf('confluent', null, 2);
  for (const id of [1, 2, 3, 1]) own.learn(id, INT);
  own.trim();
  const isKnown = (id: number): boolean => {
    own.named = id;
    try {
      own.check(VALUE, 0, 1);
      return true;
    } catch {
      return false;
    }
  };
  t.deepEqual([1, 2, 3].map(isKnown), [true, false, true]);
});

test('what was unknown is forgotten after half a minute, what is known is not', (t) => {
  const own = readerOf('confluent');
  own.learn(1, new SchemaError('the registry has no schema 1'), 1_000);
  own.learn(2, INT, 0);
  const error = (id: number): string | undefined => {
    own.named = id;
    try {
      own.decode(VALUE, 0, 1);
      return undefined;
    } catch (thrown) {
      return (thrown as Error).constructor.name;
    }
  };
  own.trim(31_000);
  t.deepEqual([error(1), error(2)], ['SchemaError', undefined]);
  own.trim(31_001);
  t.deepEqual([error(1), error(2)], ['SchemaNeededError', undefined]);
});

test('a schema that cannot be read is refused value by value, by the name that it has', (t) => {
  const own = readerOf('confluent', INT);
  own.learn(7, '"string"');
  const { bytes, end } = around(frameOf('confluent', INT, 7), VALUE);
  t.throws(() => own.decode(bytes, 2, end), {
    instanceOf: SchemaError,
    message: "schema 7: cannot be read as the reader's schema says: a string is no a int",
  });
  t.false(own.walk(bytes, 2, end, new Found(1)));
  t.throws(() => readerOf('plain', null), { instanceOf: SchemaError });
  const wrong = '{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}';
  t.throws(() => readerOf('confluent', wrong), { instanceOf: SchemaError, message: /field "a"/ });
});

test('a field that was not written and has no default is told by its name', (t) => {
  const reader =
    '{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}';
  const own = readerOf('confluent', reader);
  own.learn(7, '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}');
  const { bytes, end } = around(frameOf('confluent', INT, 7), VALUE);
  t.throws(() => own.decode(bytes, 2, end), { message: /field "b" was not written, and has no default$/ });
});
