// What a reader keeps for a row stays as it is while other rows are read; ids inside lists are
// found or are absent; and what the general reader cannot read is said, or asked for.

import test from 'ava';
import { SchemaNeededError } from '../../src/codec/avro.ts';
import { codecs } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { compileReader, readerFor } from '../../src/reading/choose-reader.ts';
import { generalReader, type InputReader } from '../../src/reading/input-reader.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import { fieldInput } from '../support/inputs.ts';

const INPUTS = [fieldInput('a')];

function readInto(reader: InputReader, format: 'json' | 'msgpack', records: readonly object[]): void {
  const features = new Float32Array(records.length);
  records.forEach((record, row) => {
    const bytes = codecs[format].encode({ ...record });
    reader.read(bytes, 0, bytes.length, features, row, 0);
  });
}

for (const format of ['json', 'msgpack'] as const) {
  test(`${format}: a field that nobody wants leaves the ids of the row before as they are`, (t) => {
    const reader = compileReader(format, INPUTS, ['id']);
    readInto(reader, format, [
      { a: 1, id: 'first' },
      { unwanted: 'x', a: 2, other: [1], id: 'second' },
      { a: 3, unwanted: 'y' },
    ]);
    t.deepEqual(
      [0, 1, 2].map((row) => reader.ids(row)),
      [['first'], ['second'], [undefined]],
    );
  });

  test(`${format}: an id inside a list is found where it is, and absent where it is not`, (t) => {
    const reader = compileReader(format, INPUTS, ['tags.1', 'in.list.0.x']);
    readInto(reader, format, [
      { a: 1, tags: ['p', 'q'], in: { list: [{ x: 7 }] } },
      { a: 2, tags: ['p'] },
      { a: 3 },
    ]);
    t.deepEqual(
      [0, 1, 2].map((row) => reader.ids(row)),
      [
        ['q', 7],
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
    const ends = [0, 1].map((id) => reader.idEnd(0, id) > reader.idStart(0, id));
    t.deepEqual(ends, [true, true]);
    for (const row of [1, 2])
      t.deepEqual(
        [0, 1].map((id) => reader.idStart(row, id) < 0),
        [true, true],
      );
  });
}

test('a schema that is needed is asked for; what cannot be decoded is a dead letter', (t) => {
  const decode = (error: Error) => ({
    ...codecs.json,
    decode: () => {
      throw error;
    },
  });
  const plan = compilePlan(INPUTS);
  const needed = new SchemaNeededError(7);
  const read = (error: Error) =>
    generalReader(decode(error), plan, []).read(new Uint8Array(1), 0, 1, new Float32Array(1), 0, 0);
  t.is(
    t.throws(() => read(needed)),
    needed,
  );
  t.is(read(new Error('damaged'))?.code, 'UNDECODABLE');
});

test('a value that is shorter than a frame is no framed one, wherever it stands', (t) => {
  const raw = new UndecodedRecord(INPUTS, []);
  const reader = readerFor('json', {
    inputs: INPUTS,
    plan: compilePlan(INPUTS, raw),
    raw,
    idPaths: [],
    nestingMax: 64,
    json: { isFramed: true, schemas: [7], notFinite: false },
  });
  const bytes = Buffer.concat([Buffer.from('before'), Buffer.from([0, 0, 0]), Buffer.alloc(9, 1)]);
  const rejection = reader.read(bytes, 6, 9, new Float32Array(1), 0, 0);
  t.is(rejection?.code, 'UNDECODABLE', rejection?.message);
});
