// A cursor over JSON in UTF-8 that makes no objects. It reads numbers, measures strings, skips
// values that nobody asked for, and checks the grammar (RFC 8259) on its way. It leaves deep
// nesting to JSON.parse.

import {
  DIGITS_MAX,
  DOT,
  exponentEnd,
  MINUS,
  NINE,
  PlainNumber,
  timesPowerOfTen,
  ZERO,
} from './json-digits.ts';
import { JsonError } from './json-error.ts';
import { escapeEnd } from './json-escape.ts';
import { NESTING_MAX } from './nesting.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

export class JsonWalker {
  byteAt = 0;
  end = 0;
  /** A byte outside ASCII was passed: the caller must check that the record is UTF-8. */
  beyondAscii = false;
  /** The last number read is `value` if `isExact`, else it is between `value` and `next`. */
  value = 0;
  next = 0;
  isExact = true;
  #numberAt = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #text: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  readonly #plain = new PlainNumber();
  readonly #nestingMax: number;

  /** It throws on deeper values: the general decoder says what is wrong with them. */
  constructor(nestingMax = NESTING_MAX) {
    this.#nestingMax = nestingMax;
  }

  /** Begins at `start`. Reading past `end` throws. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.byteAt = start;
    this.end = end;
    this.beyondAscii = false;
  }

  /** Enters a map. Returns false, with the cursor where it was, for anything else. */
  enterMap(): boolean {
    return this.#enter(OPEN_MAP);
  }

  enterList(): boolean {
    return this.#enter(OPEN_LIST);
  }

  /**
   * Moves to the value of the next key of the map. Returns the key's length, or -1 after the last
   * key.
   */
  nextKey(isFirst: boolean): number {
    if (!this.#more(CLOSE_MAP, isFirst)) return -1;
    if (this.#byte() !== QUOTE) throw new JsonError(`expected a key at byte ${this.byteAt}`);
    const start = ++this.byteAt;
    const bytes = this.#bytes;
    let byteAt = start;
    let isPlain = true;
    for (; byteAt < this.end; byteAt++) {
      const byte = bytes[byteAt] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        byteAt = escapeEnd(this.#text, byteAt, this.end);
        isPlain = false;
      } else if (byte < 0x20) throw new JsonError(`control character at byte ${byteAt}`);
      else if (byte >= 0x80) this.beyondAscii = true;
    }
    this.keyAt = start;
    this.keyEnd = byteAt;
    this.isPlainKey = isPlain;
    this.byteAt = byteAt + 1;
    this.#space();
    if (this.#byte() !== COLON) throw new JsonError(`expected a colon at byte ${this.byteAt}`);
    this.byteAt++;
    this.#space();
    return byteAt - start;
  }

  /** Where the last key begins and ends, and whether it has no escape. */
  keyAt = 0;
  keyEnd = 0;
  isPlainKey = true;

  /** The last key. */
  keyText(): string {
    return JSON.parse(this.#text.toString('utf8', this.keyAt - 1, this.keyEnd + 1));
  }

  /** Moves to the next element of the list. Returns false after the last element. */
  nextElement(isFirst: boolean): boolean {
    return this.#more(CLOSE_LIST, isFirst);
  }

  /** Reads a number. Returns false, with the cursor where it was, for anything else. */
  readNumber(): boolean {
    const plain = this.#plain;
    const value = plain.read(this.#bytes, this.#view, this.byteAt, this.end);
    const byte = plain.byteAt < this.end ? this.#bytes[plain.byteAt] : 0;
    if (Number.isNaN(value) || byte === 0x65 || byte === 0x45) return this.#readAnyNumber();
    this.#numberAt = this.byteAt;
    this.byteAt = plain.byteAt;
    this.isExact = true;
    this.value = value;
    return true;
  }

  /**
   * Reads up to `count` elements of the list just entered into `target[column ..]`. It stops before
   * an element that is not a plain number. Returns how many it read; `nextElement` goes on there.
   */
  readFloat32s(target: Float32Array, column: number, count: number): number {
    const plain = this.#plain;
    const bytes = this.#bytes;
    let next = this.byteAt;
    for (let done = 0; done < count; done++) {
      const value = plain.read(bytes, this.#view, next, this.end);
      const byte = plain.byteAt < this.end ? bytes[plain.byteAt] : 0;
      if (Number.isNaN(value) || (byte !== COMMA && byte !== CLOSE_LIST)) return done;
      target[column + done] = value;
      this.byteAt = plain.byteAt;
      if (byte === CLOSE_LIST) return done + 1;
      next = bytes[plain.byteAt + 1] === 0x20 ? plain.byteAt + 2 : plain.byteAt + 1;
    }
    return count;
  }

  /** Does what `readNumber` does, for numbers of any length and form. */
  #readAnyNumber(): boolean {
    const bytes = this.#bytes;
    const end = this.end;
    const start = this.byteAt;
    let byteAt = start;
    const isNegative = bytes[byteAt] === MINUS;
    if (isNegative) byteAt++;
    let mantissa = 0;
    let digits = 0;
    let exponent = 0;
    let isExact = true;
    const wholeAt = byteAt;
    let byte = byteAt < end ? (bytes[byteAt] as number) : 0;
    for (; byte >= ZERO && byte <= NINE; byte = ++byteAt < end ? (bytes[byteAt] as number) : 0) {
      if (digits === DIGITS_MAX) {
        exponent++;
        if (byte !== ZERO) isExact = false;
        continue;
      }
      mantissa = mantissa * 10 + byte - ZERO;
      if (mantissa > 0) digits++;
    }
    if (byteAt === wholeAt || (bytes[wholeAt] === ZERO && byteAt > wholeAt + 1)) return false;
    if (byte === DOT) {
      const fractionAt = ++byteAt;
      byte = byteAt < end ? (bytes[byteAt] as number) : 0;
      for (; byte >= ZERO && byte <= NINE; byte = ++byteAt < end ? (bytes[byteAt] as number) : 0) {
        if (digits === DIGITS_MAX) {
          if (byte !== ZERO) isExact = false;
          continue;
        }
        mantissa = mantissa * 10 + byte - ZERO;
        if (mantissa > 0) digits++;
        exponent--;
      }
      if (byteAt === fractionAt) return false;
    }
    const hasExponent = byte === 0x65 || byte === 0x45;
    if (hasExponent) byteAt = exponentEnd(bytes, byteAt, end);
    if (byteAt < 0) return false;
    this.#numberAt = start;
    this.byteAt = byteAt;
    const lower = hasExponent ? Number.NaN : timesPowerOfTen(mantissa, exponent);
    this.isExact = isExact || Number.isNaN(lower);
    if (Number.isNaN(lower)) this.value = this.exactNumber();
    else this.value = isNegative ? -lower : lower;
    if (this.isExact) return true;
    const upper = timesPowerOfTen(mantissa + 1, exponent);
    this.next = isNegative ? -upper : upper;
    return true;
  }

  /** The last number read, as JSON.parse reads it. */
  exactNumber(): number {
    return Number(this.#text.toString('latin1', this.#numberAt, this.byteAt));
  }

  /**
   * Reads true or false into `value`. Returns false, with the cursor where it was, for anything
   * else.
   */
  readFlag(): boolean {
    if (!this.#word('true') && !this.#word('false')) return false;
    this.value = this.#bytes[this.byteAt - 2] === 0x75 ? 1 : 0;
    this.isExact = true;
    return true;
  }

  /** Skips one value of any type. `depth`: how many lists and maps are around it. */
  skip(depth = 0): void {
    const byte = this.#byte();
    if (byte === QUOTE) this.#skipString();
    else if (byte === OPEN_MAP) {
      this.#deeper(depth);
      for (let isFirst = true; this.nextKey(isFirst) >= 0; isFirst = false) this.skip(depth + 1);
    } else if (byte === OPEN_LIST) {
      this.#deeper(depth);
      for (let isFirst = true; this.nextElement(isFirst); isFirst = false) this.skip(depth + 1);
    } else if (!this.readNumber() && !this.#word('true') && !this.#word('false') && !this.#word('null')) {
      throw new JsonError(`no value at byte ${this.byteAt}`);
    }
  }

  #deeper(depth: number): void {
    if (depth >= this.#nestingMax) throw new JsonError(`nested more than ${this.#nestingMax} deep`);
    this.byteAt++;
  }

  /** Moves past white space. */
  #space(): void {
    const bytes = this.#bytes;
    let byteAt = this.byteAt;
    for (; byteAt < this.end; byteAt++) {
      const byte = bytes[byteAt];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    }
    this.byteAt = byteAt;
  }

  /** Moves past white space. Returns whether that was the end. */
  isAtEnd(): boolean {
    this.#space();
    return this.byteAt === this.end;
  }

  #enter(open: number): boolean {
    this.#space();
    if (this.byteAt >= this.end || this.#bytes[this.byteAt] !== open) return false;
    this.byteAt++;
    return true;
  }

  /** Moves to the next entry. Returns false, behind the closing byte, when there is none. */
  #more(close: number, isFirst: boolean): boolean {
    const { byteAt } = this;
    // The usual case: a comma, and the next entry without a space.
    if (
      !isFirst &&
      byteAt + 1 < this.end &&
      this.#bytes[byteAt] === COMMA &&
      (this.#bytes[byteAt + 1] as number) > 0x20
    ) {
      this.byteAt = byteAt + 1;
      return true;
    }
    this.#space();
    const byte = this.#byte();
    if (byte === close) {
      this.byteAt++;
      return false;
    }
    if (isFirst) return true;
    if (byte !== COMMA) throw new JsonError(`expected a comma at byte ${this.byteAt}`);
    this.byteAt++;
    this.#space();
    return true;
  }

  #skipString(): void {
    const bytes = this.#bytes;
    for (let byteAt = this.byteAt + 1; byteAt < this.end; byteAt++) {
      const byte = bytes[byteAt] as number;
      if (byte === QUOTE) {
        this.byteAt = byteAt + 1;
        return;
      }
      if (byte === BACKSLASH) byteAt = escapeEnd(this.#text, byteAt, this.end);
      else if (byte < 0x20) throw new JsonError(`control character at byte ${byteAt}`);
      else if (byte >= 0x80) this.beyondAscii = true;
    }
    throw new JsonError(`cut off at byte ${this.end}`);
  }

  #word(word: string): boolean {
    if (this.end - this.byteAt < word.length) return false;
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.byteAt + index] !== word.charCodeAt(index)) return false;
    }
    this.byteAt += word.length;
    return true;
  }

  #byte(): number {
    if (this.byteAt >= this.end) throw new JsonError(`cut off at byte ${this.end}`);
    return this.#bytes[this.byteAt] as number;
  }
}
