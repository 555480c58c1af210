// JSON that is not quite JSON, where the configuration says that it may be: behind the frame of
// Confluent's serializer, and with Python's NaN.

import test from 'ava';
import fc from 'fast-check';
import { looseJson } from '../../src/codec/json-loose.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { readerFor } from '../../src/reading/choose-reader.ts';
import type { InputReader } from '../../src/reading/input-reader.ts';
import type { JsonOptions } from '../../src/reading/reading-setup.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import { fieldInput } from '../support/inputs.ts';

const INPUTS = [fieldInput('a', { default: 2 })];
const IDS = ['id', 'more'];

function readerWith(json: Partial<JsonOptions>, nestingMax = 64): InputReader {
  const raw = new UndecodedRecord(INPUTS, IDS);
  const options = { isFramed: true, schemas: [], notFinite: false, ...json };
  return readerFor('json', {
    inputs: INPUTS,
    plan: compilePlan(INPUTS, raw),
    raw,
    idPaths: IDS,
    nestingMax,
    json: options,
  });
}

/** The result of a record, or the code of what is wrong with it. */
function resultOf(reader: InputReader, value: Uint8Array | string): string {
  const bytes = Buffer.concat([Buffer.from('xx'), Buffer.from(value), Buffer.from('}')]);
  const features = new Float32Array(1);
  const refusal = reader.read(bytes, 2, bytes.length - 1, features, 0, 0);
  if (refusal !== null) return `${refusal.code}: ${refusal.message}`;
  const shape = {
    inputFormat: 'json',
    format: 'json',
    idPaths: IDS,
    outputs: ['a'],
    model: 'm',
    version: '1',
  } as const;
  const writer = new ResultWriter(shape);
  writer.write(reader, 0, bytes, [features], 0, 1);
  return writer.bytes.toString('utf8', 0, writer.end);
}

const framed = (schema: number, text: string): Buffer => {
  const head = Buffer.alloc(5);
  head.writeInt32BE(schema, 1);
  return Buffer.concat([head, Buffer.from(text)]);
};

test('a value behind the frame of JSON Schema has the result of the value alone', (t) => {
  for (const text of [
    '{"a":1,"id":12345678901234567890}',
    '{"id":"x","more":[1, 2]}',
    '\ufeff{"a":1,"id":7}',
    '[]',
    '{',
    '',
  ]) {
    const reader = readerWith({});
    t.is(resultOf(reader, framed(17, text)), resultOf(reader, text), text);
  }
  t.regex(resultOf(readerWith({ isFramed: false }), framed(17, '{"a":1}')), /^UNDECODABLE/);
});

test('where the numbers of schemas are named, a value of another is refused by its number', (t) => {
  const reader = readerWith({ schemas: [3, 17] });
  t.regex(resultOf(reader, framed(17, '{"a":1,"id":7}')), /^\{"id":7/);
  t.is(
    resultOf(reader, framed(4, '{"a":1}')),
    'NO_SCHEMA: the value is of schema 4, expected one of input.schemas: 3, 17',
  );
});

test('NaN and infinity are numbers where they are allowed, and no JSON where they are not', (t) => {
  const [strict, loose] = [readerWith({}), readerWith({ notFinite: true })];
  for (const [text, expected] of [
    ['{"a":1,"x":NaN,"y":[-Infinity,"NaN"],"id":"\\"NaN, Infinity"}', '{"id":"\\"NaN, Infinity","a":1,'],
    ['{"a":1,"id":12345678901234567891,"x":Infinity}', '{"id":"12345678901234567891","a":1,'],
    ['{"id":NaN}', '{"id":null,"a":2,'],
  ] as const) {
    t.regex(resultOf(strict, text), /^UNDECODABLE/);
    t.true(resultOf(loose, text).startsWith(expected), resultOf(loose, text));
  }
  t.regex(resultOf(loose, '{"a":NaN}'), /^NOT_FINITE: field "a" is NaN/);
  t.regex(resultOf(loose, '{"a":-Infinity}'), /^NOT_FINITE/);
  for (const bad of ['1NaN', 'NaN1', '-NaN', 'NaNNaN', '+Infinity', 'nan', 'Infinity.5', '0e99999,"b":NaN'])
    t.regex(resultOf(loose, `{"a":1,"x":${bad}}`), /^UNDECODABLE/, bad);
});

test('what JSON.parse takes is read alike, and what Python writes as Python reads it', (t) => {
  const printed = (value: unknown): string =>
    typeof value === 'number' && !Number.isFinite(value)
      ? String(value)
      : Array.isArray(value)
        ? `[${value.map(printed).join(', ')}]`
        : JSON.stringify(value);
  const leaf = fc.oneof(
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('NaN', '"Infinity', '\\NaN'),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(leaf, fc.array(leaf))), (given) => {
      const bytes = Buffer.from(printed(given));
      const found = looseJson.decode(bytes, 0, bytes.length) as unknown[];
      t.is(
        printed(JSON.parse(JSON.stringify(found, bigintAsNumber))),
        printed(JSON.parse(JSON.stringify(given))),
      );
      t.is(found.flat().filter(Number.isNaN).length, given.flat().filter(Number.isNaN).length);
    }),
  );
});

const bigintAsNumber = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? Number(value) : value;

test('an id that is nested as deep as the limit allows is copied, also from a record that had to be decoded', (t) => {
  const deep = `${'['.repeat(150)}1.10${']'.repeat(150)}`;
  for (const before of ['', '\ufeff'])
    t.true(
      resultOf(readerWith({}, 200), `${before}{"a":1,"id":5,"more":${deep}}`).includes(`"more":${deep}`),
    );
});
