// Results in Avro say what they are given, whatever the ids are, behind the frame that was asked
// for.

import test from 'ava';
import fc from 'fast-check';
import { avroOutputs, resultSchema } from '../../../src/answers/avro-result-schema.ts';
import { int64Of } from '../../../src/base/int64.ts';
import { AvroReader, frameOf } from '../../../src/codec/avro.ts';
import type { InputReader } from '../../../src/reading/input-reader.ts';
import { AvroResultWriter } from '../../../src/worker/write/avro-results.ts';
import { anyInt64 } from '../../support/int64.ts';

const SHAPE = {
  idPaths: ['id', 'card.number'],
  outputs: [
    { name: 'score', type: 'float' as const, isList: false },
    { name: 'classes', type: 'float' as const, isList: true },
  ],
};
const SCHEMA = resultSchema(SHAPE);

const readerOf = (ids: readonly unknown[]): InputReader => ({ ids: () => ids }) as unknown as InputReader;

test('ids of any type, a number and a list come out as they went in; what is no plain value is its text', (t) => {
  const writer = new AvroResultWriter({ ...SHAPE, model: 'm', version: '2' }, Uint8Array.of(7, 7));
  const reader = new AvroReader({ framing: 'plain', schema: SCHEMA, writers: [], schemasMax: 1 });
  const id = fc.oneof(
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).map((each) => each + 0),
    fc.string({ unit: 'grapheme', maxLength: 2_000 }),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.constantFrom([1, 'x'], { a: 1 }),
    fc.bigInt(),
    anyInt64(),
  );
  const float = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(id, id, float, fc.tuple(float, float, float), (first, second, score, classes) => {
      const columns = [Float32Array.of(9, score), Float32Array.of(0, 0, 0, ...classes)];
      writer.write(readerOf([first, second]), 0, new Uint8Array(0), columns, 1, 2);
      t.deepEqual([...writer.bytes.subarray(0, 2)], [7, 7]);
      const found = { ...(reader.decode(writer.bytes, 2, writer.end) as object) };
      const text = (each: unknown): unknown => {
        if (typeof each === 'bigint') return BigInt.asIntN(64, each) === each ? int64Of(each) : String(each);
        return typeof each === 'object' && each !== null ? JSON.stringify(each) : (each ?? null);
      };
      t.deepEqual(found, {
        id: text(first),
        card_number: text(second),
        score,
        classes,
        model: 'm',
        version: '2',
      });
    }),
  );
});

test('two fields that would have one name are refused by name', (t) => {
  t.throws(() => resultSchema({ ...SHAPE, idPaths: ['card.number', 'card_number'] }), {
    message: 'two fields of a result would be named card_number in Avro',
  });
  t.throws(() => resultSchema({ ...SHAPE, idPaths: ['model'] }), { message: /named model/ });
});

test('frames: the number in the registry, the fingerprint of the schema, nothing', (t) => {
  t.deepEqual([...frameOf('confluent', SCHEMA, 258)], [0, 0, 0, 1, 2]);
  t.regex(Buffer.from(frameOf('single-object', SCHEMA, 0)).toString('hex'), /^c301[0-9a-f]{16}$/);
  t.is(frameOf('plain', SCHEMA, 0).length, 0);
});

test('whole numbers, flags, text and features with whole numbers keep their values', (t) => {
  const tensors = [{ name: 'item', type: 'int32' as const, shape: [], column: 0, width: 1 }];
  const outputs = [
    { name: 'class', as: 'class', type: 'integer' as const },
    { name: 'isNew', as: 'isNew', type: 'flag' as const },
    { name: 'label', as: 'label', type: 'text' as const },
  ];
  const shape = { idPaths: ['id'], outputs: avroOutputs({ outputs, results: [], tensors }, [], true) };
  const writer = new AvroResultWriter({ ...shape, model: 'm', version: '2' }, new Uint8Array(0));
  const reader = new AvroReader({
    framing: 'plain',
    schema: resultSchema(shape),
    writers: [],
    schemasMax: 1,
  });
  const columns = [Float64Array.of(2 ** 40), Uint8Array.of(1), ['review'], Float64Array.of(2 ** 24 + 1)];
  writer.write(readerOf([7]), 0, new Uint8Array(0), columns, 0, 1);
  t.like(reader.decode(writer.bytes, 0, writer.end), {
    class: 2 ** 40,
    isNew: true,
    label: 'review',
    features: [2 ** 24 + 1],
  });
});
