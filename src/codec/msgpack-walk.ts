// A cursor over MessagePack that makes no objects. It reads numbers, measures strings, and skips
// values that nobody asked for. The format: https://github.com/msgpack/msgpack/blob/master/spec.md

import { MsgpackError } from './msgpack-error.ts';
import { NESTING_MAX } from './nesting.ts';

const NEVER_USED = 0xc1;
const FLOAT32 = 0xca;
const FLOAT32_BYTES = 5;

export class MsgpackWalker {
  byteAt = 0;
  end = 0;
  /** The last number read. */
  value = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #start = 0;
  readonly #nestingMax: number;

  /** It throws on deeper values: the general decoder says what is wrong with them. */
  constructor(nestingMax = NESTING_MAX) {
    this.#nestingMax = nestingMax;
  }

  /** Begins at `start`. Reading past `end` throws. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#start = start;
    this.byteAt = start;
    this.end = end;
  }

  /** Bytes passed since the beginning of the value, for error messages. */
  get passed(): number {
    return this.byteAt - this.#start;
  }

  /**
   * Reads the head of a map. Returns its number of entries, or -1 (cursor unmoved) if it is none.
   */
  readMapSize(): number {
    const head = this.#bytes[this.#need(1)] as number;
    if (head >= 0x80 && head <= 0x8f) {
      this.byteAt++;
      return head & 0x0f;
    }
    if (head === 0xde) return this.#sized(2);
    return head === 0xdf ? this.#sized(4) : -1;
  }

  /** Reads the head of a string. Returns its bytes, or -1 (cursor unmoved) if it is none. */
  readStringSize(): number {
    const head = this.#bytes[this.#need(1)] as number;
    if (head >= 0xa0 && head <= 0xbf) {
      this.byteAt++;
      return head & 0x1f;
    }
    if (head === 0xd9) return this.#sized(1);
    if (head === 0xda) return this.#sized(2);
    return head === 0xdb ? this.#sized(4) : -1;
  }

  /** Reads the head of bytes. Returns how many, or -1 (cursor unmoved) if it is none. */
  readBytesSize(): number {
    const head = this.#bytes[this.#need(1)] as number;
    if (head === 0xc4) return this.#sized(1);
    if (head === 0xc5) return this.#sized(2);
    return head === 0xc6 ? this.#sized(4) : -1;
  }

  /** Does the same for an extension, and puts its type into `extensionType`. */
  readExtensionSize(): number {
    const head = this.#bytes[this.#need(1)] as number;
    let size = -1;
    if (head >= 0xd4 && head <= 0xd8) {
      size = 1 << (head - 0xd4);
      this.byteAt++;
    } else if (head === 0xc7) size = this.#sized(1);
    else if (head === 0xc8) size = this.#sized(2);
    else if (head === 0xc9) size = this.#sized(4);
    if (size < 0) return size;
    this.extensionType = this.#view.getInt8(this.#need(1));
    this.byteAt++;
    return size;
  }

  extensionType = 0;

  /**
   * Reads a 64-bit integer exactly, into `long`. Returns false (cursor unmoved) for anything else.
   */
  readLong(): boolean {
    const byteAt = this.#need(1);
    const head = this.#bytes[byteAt] as number;
    if (head !== 0xcf && head !== 0xd3) return false;
    this.#need(9);
    this.long = head === 0xcf ? this.#view.getBigUint64(byteAt + 1) : this.#view.getBigInt64(byteAt + 1);
    this.byteAt = byteAt + 9;
    return true;
  }

  long = 0n;

  /** The byte that comes next. */
  peek(): number {
    return this.#bytes[this.#need(1)] as number;
  }

  /** Moves past `count` bytes. Returns where they began. */
  advance(count: number): number {
    const byteAt = this.#need(count);
    this.byteAt += count;
    return byteAt;
  }

  /**
   * Reads the head of a list. Returns its number of elements, or -1 (cursor unmoved) if it is none.
   */
  readArraySize(): number {
    const head = this.#bytes[this.#need(1)] as number;
    if (head >= 0x90 && head <= 0x9f) {
      this.byteAt++;
      return head & 0x0f;
    }
    if (head === 0xdc) return this.#sized(2);
    return head === 0xdd ? this.#sized(4) : -1;
  }

  /**
   * Reads up to `count` numbers into `target[to ..]`. It stops before a value that is not a finite
   * float32: lists of features mostly hold these. Returns how many it read.
   */
  readFloat32s(count: number, target: Float32Array, to: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const most = Math.min(count, Math.floor((this.end - this.byteAt) / FLOAT32_BYTES));
    let byteAt = this.byteAt;
    let read = 0;
    for (; read < most && bytes[byteAt] === FLOAT32; read++) {
      const value = view.getFloat32(byteAt + 1);
      if (value - value !== 0) break;
      target[to + read] = value;
      byteAt += FLOAT32_BYTES;
    }
    this.byteAt = byteAt;
    return read;
  }

  /**
   * Reads a number or a flag into `value`. Returns false, with the cursor where it was, for
   * anything else. A 64-bit integer becomes the nearest double, as with the general decoder.
   */
  readNumber(): boolean {
    const byteAt = this.#need(1);
    const head = this.#bytes[byteAt] as number;
    const view = this.#view;
    if (head === 0xcb) {
      this.value = view.getFloat64(this.#need(9) + 1);
      this.byteAt = byteAt + 9;
      return true;
    }
    if (head <= 0x7f || head >= 0xe0) {
      this.value = head <= 0x7f ? head : head - 0x100;
      this.byteAt = byteAt + 1;
      return true;
    }
    switch (head) {
      case 0xca:
        this.value = view.getFloat32(this.#need(5) + 1);
        this.byteAt = byteAt + 5;
        return true;
      case 0xcc:
        this.value = view.getUint8(this.#need(2) + 1);
        this.byteAt = byteAt + 2;
        return true;
      case 0xcd:
        this.value = view.getUint16(this.#need(3) + 1);
        this.byteAt = byteAt + 3;
        return true;
      case 0xce:
        this.value = view.getUint32(this.#need(5) + 1);
        this.byteAt = byteAt + 5;
        return true;
      case 0xcf:
        this.value = Number(view.getBigUint64(this.#need(9) + 1));
        this.byteAt = byteAt + 9;
        return true;
      case 0xd0:
        this.value = view.getInt8(this.#need(2) + 1);
        this.byteAt = byteAt + 2;
        return true;
      case 0xd1:
        this.value = view.getInt16(this.#need(3) + 1);
        this.byteAt = byteAt + 3;
        return true;
      case 0xd2:
        this.value = view.getInt32(this.#need(5) + 1);
        this.byteAt = byteAt + 5;
        return true;
      case 0xd3:
        this.value = Number(view.getBigInt64(this.#need(9) + 1));
        this.byteAt = byteAt + 9;
        return true;
      case 0xc2:
      case 0xc3:
        this.value = head & 1;
        this.byteAt = byteAt + 1;
        return true;
      default:
        return false;
    }
  }

  /** Skips one value of any type. `depth`: how many lists and maps are around it. */
  skip(depth = 0): void {
    const head = this.#bytes[this.#need(1)] as number;
    const fixed = FIXED_BYTES[head] as number;
    if (fixed > 0) {
      this.#need(fixed);
      this.byteAt += fixed;
      return;
    }
    this.#skipSized(head, depth);
  }

  /** `skip` has already handled the values of fixed length, all numbers among them. */
  #skipSized(head: number, depth: number): void {
    if (head <= 0x8f) this.#skipEntries(1, head & 0x0f, depth);
    else if (head <= 0x9f) this.#skipMany(1, head & 0x0f, depth);
    else if (head <= 0xbf) this.#skipBytes(1 + (head & 0x1f));
    else if (head === 0xdc) this.#skipMany(0, this.#sized(2), depth);
    else if (head === 0xdd) this.#skipMany(0, this.#sized(4), depth);
    else if (head === 0xde) this.#skipEntries(0, this.#sized(2), depth);
    else if (head === 0xdf) this.#skipEntries(0, this.#sized(4), depth);
    else if (head === 0xd9 || head === 0xc4) this.#skipBytes(this.#sized(1));
    else if (head === 0xda || head === 0xc5) this.#skipBytes(this.#sized(2));
    else if (head === 0xdb || head === 0xc6) this.#skipBytes(this.#sized(4));
    else if (head !== NEVER_USED) this.#skipBytes(this.readExtensionSize());
    else throw new MsgpackError(`byte 0x${head.toString(16)} at ${this.passed} begins no value`);
  }

  #skipMany(headBytes: number, count: number, depth: number): void {
    this.#enter(headBytes, count, depth);
    for (let each = 0; each < count; each++) this.skip(depth + 1);
  }

  #skipEntries(headBytes: number, count: number, depth: number): void {
    this.#enter(headBytes, 2 * count, depth);
    for (let each = 0; each < count; each++) {
      this.needKey();
      this.skip(depth + 1);
      this.skip(depth + 1);
    }
  }

  /** Throws if the next value cannot be a key. Bytes, lists, maps and extensions name no field. */
  needKey(): void {
    const head = this.#bytes[this.#need(1)] as number;
    if (NO_KEY[head] === 0) return;
    const what = head >= 0xc4 && head <= 0xc6 ? 'bytes' : 'a list, a map or an extension';
    throw new MsgpackError(`the key of a map is ${what} at byte ${this.passed}, expected text or a number`);
  }

  #enter(headBytes: number, count: number, depth: number): void {
    if (depth >= this.#nestingMax) throw new MsgpackError(`nested more than ${this.#nestingMax} deep`);
    this.byteAt += headBytes;
    if (count > this.end - this.byteAt) throw new MsgpackError('a list or map is longer than its bytes');
  }

  #skipBytes(count: number): void {
    this.#need(count);
    this.byteAt += count;
  }

  /** Reads a length of 1, 2 or 4 bytes behind the head byte, and moves past both. */
  #sized(lengthBytes: 1 | 2 | 4): number {
    const byteAt = this.#need(1 + lengthBytes) + 1;
    this.byteAt = byteAt + lengthBytes;
    if (lengthBytes === 1) return this.#view.getUint8(byteAt);
    return lengthBytes === 2 ? this.#view.getUint16(byteAt) : this.#view.getUint32(byteAt);
  }

  /** Returns the cursor if `count` bytes are left. Throws otherwise. */
  #need(count: number): number {
    if (count > this.end - this.byteAt)
      throw new MsgpackError(`cut off after ${this.end - this.#start} bytes`);
    return this.byteAt;
  }
}

/** Bytes of float32, float64, uint8 to uint64, int8 to int64, with the head byte. */
const FIRST_NUMBER = 0xca;
const NUMBER_BYTES: readonly number[] = [5, 9, 2, 3, 5, 9, 2, 3, 5, 9];

/** By head byte: the bytes of a value if the head alone tells them, else 0. */
const FIXED_BYTES = Uint8Array.from({ length: 256 }, (_, head) => {
  if (head <= 0x7f || head >= 0xe0) return 1;
  if (head === 0xc0 || head === 0xc2 || head === 0xc3) return 1;
  return NUMBER_BYTES[head - FIRST_NUMBER] ?? 0;
});

/** By head byte: 1 for maps, lists, bytes and extensions. */
const NO_KEY = Uint8Array.from({ length: 256 }, (_, head) => {
  const isMany = (head >= 0x80 && head <= 0x9f) || (head >= 0xdc && head <= 0xdf);
  return isMany || (head >= 0xc4 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8) ? 1 : 0;
});
