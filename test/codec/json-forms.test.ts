// What JSON has no form for: NaN and infinity as Python writes them, bytes, times of MessagePack,
// and values that are nested too deep.

import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import { Extension } from '../../src/codec/extension.ts';
import { looseJson } from '../../src/codec/json-loose.ts';
import { isNestedDeeper } from '../../src/codec/nesting.ts';

/** Other bytes stand around. */
const loose = (text: string | Uint8Array): unknown => {
  const bytes = Buffer.concat([Buffer.from('[1'), Buffer.from(text as string), Buffer.from('2]')]);
  return looseJson.decode(bytes, 2, bytes.length - 2);
};

test('NaN and infinity are numbers wherever a number may stand, and words in texts', (t) => {
  t.deepEqual(loose('[NaN, Infinity,-Infinity , 1]'), [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1,
  ]);
  t.deepEqual(loose('{"NaN":NaN,"a":"-Infinity"}'), { NaN: Number.NaN, a: '-Infinity' });
  t.deepEqual(loose('["\\"NaN", NaN, "\\\\", Infinity]'), [
    '"NaN',
    Number.NaN,
    '\\',
    Number.POSITIVE_INFINITY,
  ]);
  t.is(loose('NaN'), Number.NaN);
  t.deepEqual(loose('["a\\nNaN", NaN]'), ['a\nNaN', Number.NaN]);
});

test('all else is as in JSON: large integers keep their digits, also beside NaN', (t) => {
  t.deepEqual(loose('[9007199254740993, NaN, 1.5, "x", null]'), [
    9007199254740993n,
    Number.NaN,
    1.5,
    'x',
    null,
  ]);
  t.deepEqual(loose('[9007199254740993]'), [9007199254740993n]);
  t.deepEqual(loose('\ufeff[NaN]'), [Number.NaN]);
});

test('what is neither JSON nor one of the words is refused in the words of the first error', (t) => {
  for (const text of [
    'nan',
    'NaN1',
    '1NaN',
    'NaNNaN',
    '- Infinity',
    '+Infinity',
    '--Infinity',
    'Infinit',
    '[NaN',
    '[NaN 1]',
    '',
    '[1,]',
    '"NaN',
    '-NaN',
  ])
    t.throws(() => loose(text), undefined, text);
  t.throws(() => loose('[0e99999, NaN]'), undefined, 'it would be taken for NaN');
  t.deepEqual(loose('[0e99999]'), [0]);
  t.throws(() => loose(Uint8Array.of(0x5b, 0x4e, 0x61, 0x4e, 0x2c, 0x22, 0xff, 0x22, 0x5d)), {
    message: /utf-8|encod/i,
  });
});

test('how deep a value is nested: lists and maps count, texts and bytes do not', (t) => {
  for (const [value, depth] of [
    [1, 0],
    ['text', 0],
    [null, 0],
    [Uint8Array.of(1), 0],
    [[], 1],
    [{}, 1],
    [[1, 'x', null], 1],
    [[[]], 2],
    [{ a: 1, b: { c: [1] } }, 3],
    [[1, [2], { a: [3] }], 3],
  ] as const) {
    t.false(isNestedDeeper(value, depth), JSON.stringify(value));
    if (depth > 0) t.true(isNestedDeeper(value, depth - 1), JSON.stringify(value));
  }
});

const timestamp = (...parts: readonly Buffer[]): string =>
  Buffer.from(codecs.json.encode(new Extension(-1, Buffer.concat(parts)))).toString();

/** 30 bits of nanoseconds and 34 of seconds. */
function eight(seconds: bigint, nanos: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE((nanos << 34n) | seconds);
  return bytes;
}

function twelve(seconds: bigint, nanos: number): readonly [Buffer, Buffer] {
  const [head, tail] = [Buffer.alloc(4), Buffer.alloc(8)];
  head.writeUInt32BE(nanos);
  tail.writeBigInt64BE(seconds);
  return [head, tail];
}

test('a time has three, six or nine digits of its second, as many as it needs', (t) => {
  t.is(timestamp(eight(0n, 0n)), '"1970-01-01T00:00:00.000Z"');
  t.is(timestamp(eight(2n ** 34n - 1n, 999_999_999n)), '"2514-05-30T01:53:03.999999999Z"');
  t.is(timestamp(eight(1n, 120_000_000n)), '"1970-01-01T00:00:01.120Z"');
  t.is(timestamp(eight(1n, 120_000n)), '"1970-01-01T00:00:01.000120Z"');
  t.is(timestamp(eight(1n, 7n)), '"1970-01-01T00:00:01.000000007Z"');
  t.is(timestamp(...twelve(-2n, 1_000_000)), '"1969-12-31T23:59:58.001Z"');
  t.is(timestamp(Buffer.of(0xff, 0xff, 0xff, 0xff)), '"2106-02-07T06:28:15.000Z"');
});

test('what is no time stands there as its bytes', (t) => {
  const shown = (data: Uint8Array): string =>
    JSON.stringify({ type: -1, data: Buffer.from(data).toString('base64') });
  for (const data of [
    eight(1n, 1_000_000_000n),
    Buffer.concat(twelve(2n ** 60n, 0)),
    Buffer.concat(twelve(0n, 1_000_000_000)),
    Buffer.alloc(5),
    Buffer.alloc(0),
    Buffer.alloc(16),
  ])
    t.is(timestamp(data), shown(data));
  t.is(timestamp(Buffer.concat(twelve(0n, 999_999_999))), '"1970-01-01T00:00:00.999999999Z"');
});

test('a part of an extension is plain bytes', (t) => {
  const extension = new Extension(5, Uint8Array.of(1, 2, 3));
  t.is(extension.type, 5);
  t.is(extension.slice(1).constructor, Uint8Array);
});
