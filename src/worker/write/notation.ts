// How a result is written in each format: the bytes around ids and scores. These bytes are constant
// and made once.

import { codecs, type Format } from '../../codec/codecs.ts';

export interface Notation {
  /** The beginning of a map with so many entries. */
  readonly begin: (entries: number) => Uint8Array;
  /** An entry up to its value. `separator` stands behind each value but the last. */
  readonly key: (name: string) => Uint8Array;
  readonly separator: Uint8Array;
  readonly end: Uint8Array;
  /** The most bytes a number takes, with its separator in a list. */
  readonly numberBytesMax: number;
  /** Writes a finite float32 at `at`; returns the position behind it. */
  readonly writeNumber: (bytes: Buffer, byteAt: number, value: number) => number;
  /** The most bytes that a list takes besides its numbers. */
  readonly listBytesMax: number;
  /** Writes a list of finite float32. */
  readonly writeList: (
    bytes: Buffer,
    byteAt: number,
    values: Float32Array,
    from: number,
    to: number,
  ) => number;
}

const NOTHING = new Uint8Array(0);

function writeMsgpackNumber(bytes: Buffer, byteAt: number, value: number): number {
  bytes[byteAt] = 0xca;
  return bytes.writeFloatBE(value, byteAt + 1);
}

const msgpack: Notation = {
  begin: (entries) =>
    entries < 16 ? Uint8Array.of(0x80 | entries) : Uint8Array.of(0xde, entries >> 8, entries & 0xff),
  key: (name) => codecs.msgpack.encode(name).slice(),
  separator: NOTHING,
  end: NOTHING,
  numberBytesMax: 5,
  writeNumber: writeMsgpackNumber,
  listBytesMax: 5,
  writeList(bytes, byteAt, values, from, to) {
    bytes[byteAt] = 0xdd;
    let next = bytes.writeUInt32BE(to - from, byteAt + 1);
    for (let index = from; index < to; index++)
      next = writeMsgpackNumber(bytes, next, values[index] as number);
    return next;
  },
};

/** A float32 as JSON.stringify puts it down: the shortest text that is this double. */
function writeJsonNumber(bytes: Buffer, byteAt: number, value: number): number {
  const text = String(value);
  // -0 is written as 0, by String too.
  for (let index = 0; index < text.length; index++) bytes[byteAt + index] = text.charCodeAt(index);
  return byteAt + text.length;
}

const COMMA = 0x2c;

const json: Notation = {
  begin: () => Buffer.from('{'),
  key: (name) => Buffer.from(`${JSON.stringify(name)}:`),
  separator: Buffer.from(','),
  end: Buffer.from('}'),
  numberBytesMax: 26,
  writeNumber: writeJsonNumber,
  listBytesMax: 2,
  writeList(bytes, byteAt, values, from, to) {
    let next = byteAt;
    bytes[next++] = 0x5b;
    for (let index = from; index < to; index++) {
      if (index > from) bytes[next++] = COMMA;
      next = writeJsonNumber(bytes, next, values[index] as number);
    }
    bytes[next++] = 0x5d;
    return next;
  },
};

export const notations: Record<Format, Notation> = { msgpack, json };
