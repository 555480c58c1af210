// From decimal digits to doubles, exactly: four digits at a time, with powers of ten that lose
// nothing.

const PLUS = 0x2b;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
/** Digits that always fit into a double. */
export const DIGITS_MAX = 15;
/** Integers below this are exact in a double, and so is every step on the way to them. */
const EXACT_BELOW = 2 ** 53;
/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/**
 * Sets the highest bit of each byte that is no digit. This is right only up to the lowest such
 * byte. The first byte of the text is the lowest.
 */
const noDigits = (digits: number): number => ((digits + 0x76767676) | digits) & 0x80808080;

/**
 * The number that four digits make: two digits become a pair, then two pairs become the number, in
 * one word (D. Lemire's parse of eight digits, halved).
 */
function numberOf(four: number): number {
  const pairs = (Math.imul(four & 0x0f0f0f0f, 10 * 256 + 1) >>> 8) & 0x00ff00ff;
  return Math.imul(pairs, 100 * 65_536 + 1) >>> 16;
}

const ZEROS = 0x30303030;

/**
 * Reads numbers of the usual form: up to nine digits, with or without a fraction, no exponent,
 * exact in a double. Numbers differ in length. A branch that depends on the length is guessed wrong
 * half of the time, which costs more than reading 16 bytes at once. So a fraction of 8 to 15
 * digits, as most floats have, is read without a loop.
 */
export class PlainNumber {
  /** One past the last number. */
  byteAt = 0;

  /** The number at `start`, or NaN if it has another form or is no number. */
  read(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const isNegative = Number(bytes[start] === MINUS);
    const wholeAt = start + isNegative;
    let byteAt = wholeAt;
    let whole = 0;
    let byte = byteAt < end ? (bytes[byteAt] as number) : 0;
    for (; byte >= ZERO && byte <= NINE; byte = ++byteAt < end ? (bytes[byteAt] as number) : 0) {
      whole = (Math.imul(whole, 10) + byte - ZERO) | 0;
    }
    const digits = byteAt - wholeAt;
    if (digits === 0 || digits > 9 || (digits > 1 && bytes[wholeAt] === ZERO)) return Number.NaN;
    const sign = 1 - 2 * isNegative;
    this.byteAt = byteAt;
    return sign * (byte === DOT ? this.#withFraction(whole, bytes, view, byteAt + 1, end) : whole);
  }

  #withFraction(whole: number, bytes: Uint8Array, view: DataView, start: number, end: number): number {
    if (start + 16 <= end) {
      const first = view.getInt32(start, true) ^ ZEROS;
      const second = view.getInt32(start + 4, true) ^ ZEROS;
      const third = view.getInt32(start + 8, true) ^ ZEROS;
      const fourth = view.getInt32(start + 12, true) ^ ZEROS;
      const inThird = noDigits(third);
      const inFourth = noDigits(fourth);
      if ((noDigits(first) | noDigits(second)) === 0 && (inThird | inFourth) !== 0) {
        const eight = numberOf(first) * 10_000 + numberOf(second);
        const isShort = inThird !== 0;
        const noDigit = isShort ? inThird : inFourth;
        const below = (31 - Math.clz32(noDigit & -noDigit)) >> 3;
        const kept = (1 << (8 * below)) - 1;
        const rest = isShort ? numberOf(third & kept) : numberOf(third) * 10_000 + numberOf(fourth & kept);
        const more = isShort ? below : 4 + below;
        this.byteAt = start + 8 + more;
        // The digits that were cut off count as zeros on the right. So the tail is a multiple of
        // that power of ten.
        const tail = rest / (EXACT_POWERS[4 - below] as number);
        return exactly((whole * 1e8 + eight) * (EXACT_POWERS[more] as number) + tail, 8 + more);
      }
    }
    let mantissa = whole;
    let byteAt = start;
    let byte = byteAt < end ? (bytes[byteAt] as number) : 0;
    for (; byte >= ZERO && byte <= NINE; byte = ++byteAt < end ? (bytes[byteAt] as number) : 0) {
      mantissa = mantissa * 10 + byte - ZERO;
    }
    this.byteAt = byteAt;
    return byteAt === start ? Number.NaN : exactly(mantissa, byteAt - start);
  }
}

/**
 * Divides `mantissa`, a sum of exact steps, by that power of ten. NaN if a double cannot hold both
 * exactly.
 */
function exactly(mantissa: number, power: number): number {
  return mantissa >= EXACT_BELOW ? Number.NaN : timesPowerOfTen(mantissa, -power);
}

/**
 * `mantissa * 10^exponent`, correctly rounded because both numbers are exact (W. Clinger, "How to
 * read floating point numbers accurately", 1990). NaN if they are not exact.
 */
export function timesPowerOfTen(mantissa: number, exponent: number): number {
  if (exponent === 0) return mantissa;
  if (exponent < 0) return exponent < -22 ? Number.NaN : mantissa / (EXACT_POWERS[-exponent] as number);
  return exponent > 22 ? Number.NaN : mantissa * (EXACT_POWERS[exponent] as number);
}

/** One past the exponent whose `e` stands at `byteAt`, or -1 if it has no digits. */
export function exponentEnd(bytes: Uint8Array, byteAt: number, end: number): number {
  let to = byteAt + 1;
  if (to < end && (bytes[to] === PLUS || bytes[to] === MINUS)) to++;
  const digitsAt = to;
  while (to < end && (bytes[to] as number) >= ZERO && (bytes[to] as number) <= NINE) to++;
  return to === digitsAt ? -1 : to;
}
