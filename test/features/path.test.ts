// Paths name every field that a record can have, and nothing that it has not.

import test from 'ava';
import fc from 'fast-check';
import { formatPath, parsePath, valueAt } from '../../src/features/path.ts';
import { runs } from '../support/runs.ts';

test('any keys have a path, and the path leads to them', (t) => {
  const letters = fc.constantFrom('.', '\\', 'a', '0', '_', 'ü');
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: letters, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
      (keys) => {
        t.deepEqual(parsePath(formatPath(keys)), keys);
        const record = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), 7);
        t.is(valueAt(record, parsePath(formatPath(keys))), 7);
      },
    ),
    runs(1_000),
  );
});

test('a dot of a key has a backslash before it; without one it leads into the value', (t) => {
  const record = { 'http.status': 200, http: { status: 404 }, 'a\\': { b: 1 } };
  t.is(valueAt(record, parsePath('http\\.status')), 200);
  t.is(valueAt(record, parsePath('http.status')), 404);
  t.is(valueAt(record, parsePath('a\\\\.b')), 1);
  t.deepEqual(parsePath('C:\\temp'), ['C:\\temp']);
});

test('what every object, list, text or bytes has is no field of theirs', (t) => {
  const record = { list: [5, 6], text: 'abc', bytes: Uint8Array.of(9) };
  for (const path of [
    ...['constructor', 'toString', '__proto__', '__proto__.constructor', 'list.length', 'list.map'],
    ...['list.00', 'list.-1', 'list.2', 'text.length', 'text.0', 'bytes.0', 'bytes.length'],
  ]) {
    t.is(valueAt(record, parsePath(path)), undefined, path);
  }
  t.is(valueAt(record, parsePath('list.1')), 6);
  t.is(valueAt(JSON.parse('{"__proto__": {"constructor": 3}}'), parsePath('__proto__.constructor')), 3);
});

test('an element of a list is named by its number, of any count of digits, without zeros before it', (t) => {
  const list = Array.from({ length: 120 }, (_, index) => index);
  for (const index of [0, 9, 10, 119]) t.is(valueAt({ list }, parsePath(`list.${index}`)), index);
  for (const step of ['00', '01', '1a', '1.0', '-1', '120', ''])
    t.is(valueAt({ list }, parsePath(`list.${step}`)), undefined, step);
});
