// The cursor of the walker of JSON: where it stands after each question, what it says of keys, how
// deep it goes, and what it calls wrong.

import test from 'ava';
import { JsonError } from '../../src/codec/json-error.ts';
import { JsonWalker } from '../../src/codec/json-walk.ts';
import { AROUND, walkerOn } from '../support/json-walker.ts';

test('something else than what is asked for is not consumed', (t) => {
  for (const [text, ask] of [
    ['[1]', 'enterMap'],
    ['{}', 'enterList'],
    ['"1"', 'readNumber'],
    ['true', 'readNumber'],
    ['1', 'readFlag'],
    ['tru', 'readFlag'],
    ['falsy', 'readFlag'],
    ['-', 'readNumber'],
    ['1.x', 'readNumber'],
    ['1ex', 'readNumber'],
    ['', 'enterMap'],
  ] as const) {
    const { walker } = walkerOn(text);
    t.false(walker[ask](), `${ask} of ${text}`);
    t.is(walker.byteAt, AROUND.length);
  }
});

test('a key is told by its place, and whether it stands there as it is', (t) => {
  const { walker, bytes } = walkerOn('{"plain":1,"esc\\u0061ped":2}');
  t.true(walker.enterMap());
  t.is(walker.nextKey(true), 5);
  t.true(walker.isPlainKey);
  t.is(bytes.toString('utf8', walker.keyAt, walker.keyEnd), 'plain');
  walker.skip();
  t.is(walker.nextKey(false), 12);
  t.false(walker.isPlainKey);
  t.is(walker.keyText(), 'escaped');
  walker.skip();
  t.is(walker.nextKey(false), -1);
  t.true(walker.isAtEnd());
});

test('letters beyond ASCII are noticed in keys and in texts, and forgotten with the next value', (t) => {
  for (const [text, beyond] of [
    ['{"a":"b"}', false],
    ['{"é":"b"}', true],
    ['{"a":"é"}', true],
    ['{"\\u00e9":"\\u00e9"}', false],
  ] as const) {
    const { walker, bytes } = walkerOn(text);
    walker.skip();
    t.is(walker.beyondAscii, beyond, text);
    walker.reset(bytes, 0, 1);
    t.false(walker.beyondAscii);
  }
});

test('lists and maps may stand in each other as deep as is allowed, and no deeper', (t) => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
    const skip = (depth: number, within = 0): void => walkerOn(nested(depth), 3).walker.skip(within);
    t.notThrows(() => skip(3));
    t.throws(() => skip(4), { instanceOf: JsonError, message: 'nested more than 3 deep' });
    t.notThrows(() => skip(1, 2), 'what it stands in counts too');
    t.throws(() => skip(2, 2));
    t.notThrows(() => walkerOn(nested(64)).walker.skip());
    t.throws(() => walkerOn(nested(65)).walker.skip(), { message: /more than 64 deep/ });
  }
});

test('what is wrong is told by its place', (t) => {
  for (const [text, words] of [
    ['{1:2}', 'expected a key at byte 1'],
    ['{"a" 2}', 'expected a colon at byte 5'],
    ['[1 2]', 'expected a comma at byte 3'],
    ['"a\u0001"', 'control character at byte 2'],
    ['{"a\u0001":1}', 'control character at byte 3'],
    ['"\\x"', 'no such escape at byte 1'],
    ['[x]', 'no value at byte 1'],
    ['"abc', 'cut off at byte 4'],
    ['[1', 'cut off at byte 2'],
  ] as const) {
    const bytes = Buffer.from(`${text} `);
    const walker = new JsonWalker();
    walker.reset(bytes, 0, text.length);
    t.throws(() => walker.skip(), { instanceOf: JsonError, message: words });
  }
});

test('numbers in bulk: as many as are wanted and plain, into their places; the cursor stands behind the last', (t) => {
  const bulk = (text: string, count: number) => {
    const { walker } = walkerOn(text);
    walker.enterList();
    const target = new Float32Array(6).fill(7);
    const done = walker.readFloat32s(target, 2, count);
    return [done, walker.byteAt - AROUND.length, ...target];
  };
  t.deepEqual(bulk('[1,2,3]', 3), [3, 6, 7, 7, 1, 2, 3, 7]);
  t.deepEqual(bulk('[1,2,3]', 2), [2, 4, 7, 7, 1, 2, 7, 7]);
  t.deepEqual(bulk('[1, 2, 3]', 4), [3, 8, 7, 7, 1, 2, 3, 7]);
  t.deepEqual(bulk('[1,null,3]', 3), [1, 2, 7, 7, 1, 7, 7, 7]);
  t.deepEqual(bulk('[1,2e1,3]', 3), [1, 2, 7, 7, 1, 7, 7, 7]);
  t.deepEqual(bulk('[1]2]', 3), [1, 2, 7, 7, 1, 7, 7, 7], 'not beyond its end');
  t.deepEqual(bulk('[]', 3), [0, 1, 7, 7, 7, 7, 7, 7]);
  t.deepEqual(bulk('[1,2', 3), [1, 2, 7, 7, 1, 7, 7, 7]);
});

test('numbers in bulk end where the text ends, though the bytes go on as a list would', (t) => {
  const bytes = Buffer.from('[1,2],3]');
  for (const [end, read] of [
    [3, 1],
    [4, 1],
    [5, 2],
  ] as const) {
    const walker = new JsonWalker();
    walker.reset(bytes, 0, end);
    walker.enterList();
    t.is(walker.readFloat32s(new Float32Array(5), 0, 5), read, `${end} bytes`);
  }
});
