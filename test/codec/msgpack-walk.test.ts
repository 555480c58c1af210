// The walker of MessagePack, by the format: every head byte with the value that the specification
// gives it, read, skipped, cut off, and left alone by whoever asks for something else.

import test from 'ava';
import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { codecs } from '../../src/codec/codecs.ts';
import { MsgpackError } from '../../src/codec/msgpack-error.ts';
import { MsgpackWalker } from '../../src/codec/msgpack-walk.ts';
import { runs } from '../support/runs.ts';

function walkerOn(bytes: Uint8Array, nestingMax?: number): MsgpackWalker {
  // Other bytes stand around, which would be read as a value too.
  const around = Buffer.concat([Buffer.alloc(3, 1), bytes, Buffer.alloc(20, 1)]);
  const walker = new MsgpackWalker(nestingMax);
  walker.reset(around, 3, 3 + bytes.length);
  return walker;
}

type Ask =
  | 'readNumber'
  | 'readLong'
  | 'readStringSize'
  | 'readMapSize'
  | 'readArraySize'
  | 'readBytesSize'
  | 'readExtensionSize';
const ASKS: readonly Ask[] = [
  'readNumber',
  'readLong',
  'readStringSize',
  'readMapSize',
  'readArraySize',
  'readBytesSize',
  'readExtensionSize',
];

/** A head, what it answers to whom, and what follows it. */
interface Form {
  readonly head: readonly number[];
  readonly asks: Partial<Record<Ask, number>>;
  readonly body: number;
}

const big = (byteLength: number, value: number): number[] =>
  Array.from(
    { length: byteLength },
    (_, index) => Math.floor(value / 256 ** (byteLength - 1 - index)) & 0xff,
  );
const float = (value: number, byteLength: 4 | 8): number[] => {
  const bytes = Buffer.alloc(byteLength);
  if (byteLength === 4) bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return [...bytes];
};
const number = (head: readonly number[], value: number, isLong = false): Form => ({
  head,
  asks: isLong ? { readNumber: value, readLong: value } : { readNumber: value },
  body: 0,
});
const sized = (ask: Ask, head: readonly number[], size: number, body = size): Form => ({
  head,
  asks: { [ask]: size },
  body,
});

const FORMS: readonly Form[] = [
  ...Array.from({ length: 128 }, (_, value) => number([value], value)),
  ...Array.from({ length: 32 }, (_, value) => number([0xe0 + value], value - 32)),
  ...[0, 1, 15].map((size) => sized('readMapSize', [0x80 + size], size, 2 * size)),
  ...[0, 1, 15].map((size) => sized('readArraySize', [0x90 + size], size)),
  ...[0, 1, 31].map((size) => sized('readStringSize', [0xa0 + size], size)),
  { head: [0xc0], asks: {}, body: 0 },
  number([0xc2], 0),
  number([0xc3], 1),
  ...[1, 2, 4].flatMap((bytes, index) => [
    sized('readBytesSize', [0xc4 + index, ...big(bytes, 5)], 5),
    sized('readStringSize', [0xd9 + index, ...big(bytes, 5)], 5),
    sized('readExtensionSize', [0xc7 + index, ...big(bytes, 5)], 5, 6),
    sized('readBytesSize', [0xc4 + index, ...big(bytes, 200)], 200),
    sized('readStringSize', [0xd9 + index, ...big(bytes, 200)], 200),
    sized('readExtensionSize', [0xc7 + index, ...big(bytes, 200)], 200, 201),
  ]),
  ...[2, 4].flatMap((bytes, index) => [
    sized('readArraySize', [0xdc + index, ...big(bytes, 300)], 300),
    sized('readMapSize', [0xde + index, ...big(bytes, 300)], 300, 600),
    sized('readBytesSize', [0xc5 + index, ...big(bytes, 700)], 700),
    sized('readStringSize', [0xda + index, ...big(bytes, 700)], 700),
    sized('readExtensionSize', [0xc8 + index, ...big(bytes, 700)], 700, 701),
  ]),
  sized('readStringSize', [0xdb, ...big(4, 70_000)], 70_000),
  ...[1, 2, 4, 8, 16].map((size, index) => sized('readExtensionSize', [0xd4 + index], size, 1 + size)),
  number([0xca, ...float(-1.5, 4)], -1.5),
  number([0xcb, ...float(Math.PI, 8)], Math.PI),
  number([0xcc, 0xfe], 254),
  number([0xcd, 0xfe, 0xdc], 0xfedc),
  number([0xce, 0xfe, 0xdc, 0xba, 0x98], 0xfedcba98),
  number([0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2 ** 64, true),
  number([0xd0, 0xfe], -2),
  number([0xd1, 0xfe, 0xdc], 0xfedc - 2 ** 16),
  number([0xd2, 0xfe, 0xdc, 0xba, 0x98], 0xfedcba98 - 2 ** 32),
  number([0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2, true),
];

const answer = (walker: MsgpackWalker, ask: Ask): number | null => {
  const found = walker[ask]();
  if (found === false || found === -1) return null;
  if (found !== true) return found;
  return ask === 'readLong' ? Number(walker.long) : walker.value;
};

for (const ask of ASKS)
  test(`${ask} takes the heads that are its own, and leaves the cursor before all others`, (t) => {
    for (const { head, asks, body } of FORMS) {
      const walker = walkerOn(Uint8Array.of(...head, ...Buffer.alloc(body)));
      t.is(answer(walker, ask), asks[ask] ?? null, head.join());
      const isExtension = ask === 'readExtensionSize' && asks[ask] !== undefined;
      t.is(walker.passed, asks[ask] === undefined ? 0 : head.length + (isExtension ? 1 : 0), head.join());
    }
  });

test('every value is skipped to its end, and refused where it is cut off', (t) => {
  for (const { head, body } of FORMS) {
    const bytes = Uint8Array.of(...head, ...Buffer.alloc(body));
    const walker = walkerOn(bytes);
    walker.skip();
    t.is(walker.passed, bytes.length, head.join());
    const cuts = bytes.length > 700 ? [1, head.length, bytes.length - 1] : bytes.keys();
    for (const cut of cuts) {
      const short = walkerOn(bytes.subarray(0, cut));
      t.throws(() => short.skip(), {
        instanceOf: MsgpackError,
        message: /^(cut off after|a list or map is longer)/,
      });
    }
  }
});

test('what is cut off is refused by whoever reads it', (t) => {
  for (const { head, asks } of FORMS)
    for (const ask of Object.keys(asks) as Ask[])
      for (let cut = 0; cut < head.length; cut++) {
        const short = walkerOn(Uint8Array.from(head.slice(0, cut)));
        t.throws(() => short[ask](), { instanceOf: MsgpackError, message: `cut off after ${cut} bytes` });
      }
  t.throws(
    () => walkerOn(Uint8Array.of(0xd4)).readExtensionSize(),
    { instanceOf: MsgpackError },
    'the type of it is missing',
  );
  t.throws(() => walkerOn(new Uint8Array(0)).peek(), { instanceOf: MsgpackError });
  t.throws(() => walkerOn(Uint8Array.of(1, 2)).advance(3), { instanceOf: MsgpackError });
});

test('the byte that begins no value is refused by its place', (t) => {
  const walker = walkerOn(Uint8Array.of(0x92, 0x01, 0xc1));
  t.throws(() => walker.skip(), { instanceOf: MsgpackError, message: 'byte 0xc1 at 2 begins no value' });
  t.throws(() => codecs.msgpack.decode(Uint8Array.of(0x92, 0x01, 0xc1), 0, 3), {
    message: 'byte 0xc1 at 2 begins no value',
  });
});

test('a list or a map that says to have more than bytes are left is refused before anything is read', (t) => {
  for (const [head, bytes] of [
    [[0x93], 3],
    [[0x82], 4],
    [[0xdc, 0, 3], 3],
    [[0xdd, 0, 0, 0, 3], 3],
    [[0xde, 0, 2], 4],
    [[0xdf, 0, 0, 0, 2], 4],
  ] as const) {
    const whole = Uint8Array.of(...head, ...Buffer.alloc(bytes, 1));
    const short = whole.subarray(0, whole.length - 1);
    t.notThrows(() => walkerOn(whole).skip());
    t.throws(() => walkerOn(short).skip(), { message: 'a list or map is longer than its bytes' });
    t.notThrows(() => codecs.msgpack.decode(whole, 0, whole.length));
    t.throws(() => codecs.msgpack.decode(short, 0, short.length), {
      message: 'a list or map is longer than its bytes',
    });
  }
});

test('a field has a name: text, a number or a flag, not bytes, lists, maps or extensions', (t) => {
  for (const { head, asks, body } of FORMS) {
    const key = [...head, ...Buffer.alloc(body)];
    const walker = walkerOn(Uint8Array.of(0x81, ...key, 1));
    const isName = asks.readNumber !== undefined || asks.readStringSize !== undefined || head[0] === 0xc0;
    if (isName) t.notThrows(() => walker.skip(), head.join());
    else {
      const what = asks.readBytesSize === undefined ? 'a list, a map or an extension' : 'bytes';
      const message = `the key of a map is ${what} at byte 1, expected text or a number`;
      t.throws(() => walker.skip(), { instanceOf: MsgpackError, message });
    }
  }
});

test('lists and maps may stand in each other as deep as is allowed, and no deeper', (t) => {
  for (const open of [[0x91], [0xdc, 0, 1], [0x81, 0x01], [0xde, 0, 1, 0x01]]) {
    const skip = (depth: number, within = 0): void =>
      walkerOn(Uint8Array.of(...Array.from({ length: depth }, () => open).flat(), 1), 3).skip(within);
    t.notThrows(() => skip(3));
    t.throws(() => skip(4), { instanceOf: MsgpackError, message: 'nested more than 3 deep' });
    t.notThrows(() => skip(1, 2));
    t.throws(() => skip(2, 2));
  }
});

test('numbers in bulk: as many as are wanted, finite and of 32 bits; the cursor stands behind the last', (t) => {
  const bulk = (bytes: readonly number[], count: number) => {
    const walker = walkerOn(Uint8Array.from(bytes));
    const target = new Float32Array(5).fill(7);
    const read = walker.readFloat32s(count, target, 1);
    return [read, walker.passed, ...target];
  };
  const [one, two] = [1.5, -2.5].map((value) => [0xca, ...float(value, 4)]) as [number[], number[]];
  t.deepEqual(bulk([...one, ...two], 2), [2, 10, 7, 1.5, -2.5, 7, 7]);
  t.deepEqual(bulk([...one, ...two], 1), [1, 5, 7, 1.5, 7, 7, 7]);
  t.deepEqual(bulk([...one, ...two.slice(0, 4)], 2), [1, 5, 7, 1.5, 7, 7, 7], 'cut off');
  t.deepEqual(bulk([...one, 0xcb, ...float(1, 8)], 2), [1, 5, 7, 1.5, 7, 7, 7]);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    t.deepEqual(bulk([...one, 0xca, ...float(odd, 4)], 2), [1, 5, 7, 1.5, 7, 7, 7]);
});

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'auto' } as object);

test('whatever the bytes: what is decoded is skipped to its end, and what is refused is refused by both', (t) => {
  const head = fc.constantFrom(
    0x81,
    0x92,
    0xa2,
    0xc0,
    0xc1,
    0xc4,
    0xca,
    0xcc,
    0xd1,
    0xd4,
    0xd9,
    0xdc,
    0xde,
    0xff,
    0x01,
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(head, fc.nat(3), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      (given) => {
        const bytes = Uint8Array.from(given);
        let isWhole = true;
        const walker = walkerOn(bytes);
        try {
          walker.skip();
          isWhole = walker.passed === bytes.length;
        } catch (error) {
          if (!(error instanceof MsgpackError)) throw error;
          isWhole = false;
        }
        let decoded: unknown;
        let isDecoded = true;
        try {
          decoded = codecs.msgpack.decode(bytes, 0, bytes.length);
        } catch {
          isDecoded = false;
        }
        t.is(isDecoded, isWhole, given.join());
        const isPlain =
          isWhole &&
          !given.some((byte) => byte >= 0xc4 && byte <= 0xc9) &&
          !given.some((byte) => byte >= 0xd4 && byte <= 0xd8);
        if (isPlain && typeof decoded === 'number') t.is(decoded, unpackr.unpack(bytes) as number);
      },
    ),
    runs(2_000),
  );
});

test('keys of a record after the other are remembered by their place, and never taken for another', (t) => {
  const { encode, decode } = codecs.msgpack;
  const again = (value: object): unknown => {
    const bytes = encode(value);
    return decode(bytes, 0, bytes.length);
  };
  const long = 'k'.repeat(40);
  for (const value of [
    { alpha: 1, beta: 2 },
    { alpha: 3, beta: 4 },
    { beta: 5, alpha: 6 },
    { alphb: 7, bet: 8 },
    { alph: 9, betaa: 10 },
    { [long]: 1, [`${long.slice(1)}j`]: 2 },
    { [`${long.slice(1)}j`]: 1, [long]: 2 },
    { '': 1 },
    { é: 1 },
    { è: 1 },
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key ${index}`, index])),
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key ${index + 1}`, index])),
  ])
    t.deepEqual(again(value), value);
});
