// Where a value stands in the bytes of a record, by its path: what stands there is what decoding
// finds at the path.

import test from 'ava';
import fc from 'fast-check';
import { codecs, FORMATS, type Format } from '../../src/codec/codecs.ts';
import { parsePath, valueAt } from '../../src/features/path.ts';
import { entriesOf, Locator } from '../../src/reading/locate.ts';
import { runs } from '../support/runs.ts';

const KEYS = ['a', 'b', 'é', '0', '1', '10', ''];

/** The values at the paths: what stands where they lead in the bytes, and what decoding finds. */
function located(format: Format, bytes: Uint8Array, paths: readonly string[]) {
  const around = Buffer.concat([Buffer.from('[1'), bytes, Buffer.from('1]')]);
  const locator = new Locator(entriesOf[format](64), paths.map(parsePath));
  // Nothing may be left of the record before, which had everything.
  const full = codecs[format].encode(Object.fromEntries(KEYS.map((key) => [key, { a: [1, 2] }]))).slice();
  locator.locate(full, 0, full.length);
  const ranges = locator.locate(around, 2, 2 + bytes.length);
  return paths.map((_, index) => {
    const [start, end] = [ranges?.[2 * index] as number, ranges?.[2 * index + 1] as number];
    return start < 0 ? (end < 0 ? undefined : 'half a range') : codecs[format].decode(around, start, end);
  });
}

const key = fc.constantFrom(...KEYS);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));
const paths = fc.array(fc.array(key, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 });

for (const format of FORMATS)
  test(`${format}: a path leads to the bytes of the value that decoding finds there`, (t) => {
    fc.assert(
      fc.property(value, paths, (given, keys) => {
        const texts = keys.map((steps) => steps.join('.'));
        const bytes = codecs[format].encode(given).slice();
        const decoded = codecs[format].decode(bytes, 0, bytes.length);
        t.deepEqual(
          located(format, bytes, texts),
          texts.map((text) => valueAt(decoded, parsePath(text))),
        );
      }),
      runs(500),
    );
  });

test('of a key that stands twice the last one counts, with all that is below it', (t) => {
  const text = Buffer.from('{"a":{"b":1,"c":2},"x":3,"a":{"c":4},"x":5}');
  t.deepEqual(located('json', text, ['a.b', 'a.c', 'x', 'a']), [undefined, 4, 5, { c: 4 }]);
  const map = Buffer.of(0x82, 0xa1, 0x61, 0x81, 0xa1, 0x62, 0x01, 0xa1, 0x61, 0x80);
  t.deepEqual(located('msgpack', map, ['a.b', 'a']), [undefined, {}]);
});

test('msgpack: a key that is no text is found by its name', (t) => {
  const map = Buffer.of(0x84, 0x07, 0x01, 0xc3, 0x02, 0xc0, 0x03, 0xd9, 0x01, 0x61, 0x04);
  t.deepEqual(located('msgpack', map, ['7', 'true', 'null', 'a', '8']), [1, 2, 3, 4, undefined]);
});

test('json: a byte order mark before the value is passed over', (t) => {
  const locator = new Locator(entriesOf.json(64), [['a']]);
  const bytes = Buffer.from('\ufeff{"a":1}');
  t.deepEqual([...(locator.locate(bytes, 0, bytes.length) as Int32Array)], [8, 9]);
});

test('json: a value that JSON does not have cannot be located, though it could be read', (t) => {
  const locator = new Locator(entriesOf.json(64), [['a']]);
  const bytes = Buffer.from('{"b":NaN,"a":1}');
  t.is(locator.locate(bytes, 0, bytes.length), null);
  t.notDeepEqual(locator.locate(Buffer.from('{"b":0,"a":1}'), 0, 13), null);
  const damaged = new Locator(entriesOf.msgpack(64), [['a']]);
  t.throws(() => damaged.locate(Buffer.of(0x81), 0, 1), undefined, 'what is damaged was refused before');
});

test('a value is looked into as deep as is allowed', (t) => {
  for (const format of FORMATS) {
    const bytes = codecs[format].encode({ b: [[[1]]], a: 1 }).slice();
    const locate = (nestingMax: number) =>
      new Locator(entriesOf[format](nestingMax), [['a']]).locate(bytes, 0, bytes.length);
    t.not(locate(3), null);
    if (format === 'json') t.is(locate(2), null);
    else t.throws(() => locate(2));
  }
});
