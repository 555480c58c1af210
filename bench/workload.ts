// The records of the bench: `{ id, features: [floats] }` under one of some thousand keys, made from
// their number alone, so that whoever checks a result can make the record again. With 30 features
// and msgpack a value is 182 bytes.

import { codecs, type Format } from '../src/codec/codecs.ts';
import { Random } from '../src/load/random.ts';

const ID_DIGITS = 12;
const ZERO = 0x30;
/** 16 bits, so that a feature is exact as float32. */
const STEPS = 2 ** 16;
/** How many different rows of features there are; record n has row n modulo this. */
export const VECTORS = 4_096;
const KEYS = 10_007;

export const idOf = (number: number): string => `tx-${String(number).padStart(ID_DIGITS, '0')}`;
export const keyOf = (number: number): Buffer => Buffer.from(`key-${number % KEYS}`);

/** Features of a record, uniform in [-2, 2). */
export function featuresOf(number: number, width: number): Float32Array {
  const random = new Random((number % VECTORS) * 2 + 1);
  return Float32Array.from({ length: width }, () => Math.floor(random.next() * STEPS) / (STEPS / 4) - 2);
}

/** Floats are float32 in msgpack, as a producer of features writes them. */
function encode(format: Format, number: number, width: number): Buffer {
  const features = featuresOf(number, width);
  const id = idOf(number);
  if (format === 'json') return Buffer.from(codecs.json.encode({ id, features: [...features] }));
  const value = Buffer.alloc(5 * width);
  features.forEach((feature, index) => {
    value[5 * index] = 0xca;
    value.writeFloatBE(feature, 5 * index + 1);
  });
  return Buffer.concat([
    Uint8Array.of(0x82),
    codecs.msgpack.encode('id').slice(),
    codecs.msgpack.encode(id).slice(),
    codecs.msgpack.encode('features').slice(),
    Uint8Array.of(0xdc, width >> 8, width & 0xff),
    value,
  ]);
}

/**
 * Makes keys and values fast: each row of features is encoded once, and only the digits of the id
 * are put in.
 */
export class Workload {
  readonly #values: (Buffer | undefined)[] = new Array(VECTORS);
  readonly #keys: (Buffer | undefined)[] = new Array(KEYS);
  readonly #format: Format;
  readonly #width: number;
  readonly #digitsAt: number;

  constructor(format: Format, width: number) {
    this.#format = format;
    this.#width = width;
    this.#digitsAt = encode(format, 0, width).indexOf('0'.repeat(ID_DIGITS));
  }

  key(number: number): Buffer {
    const slot = number % KEYS;
    return (this.#keys[slot] ??= keyOf(number));
  }

  /** The value of a record; valid until the next call. */
  value(number: number): Buffer {
    const slot = number % VECTORS;
    const value = (this.#values[slot] ??= encode(this.#format, number, this.#width));
    let rest = number;
    for (let at = this.#digitsAt + ID_DIGITS - 1; at >= this.#digitsAt; at--) {
      value[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return value;
  }
}
