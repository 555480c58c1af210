// Decimal digits to doubles, exactly: four digits at a time, and powers of ten that lose nothing.

const PLUS = 0x2b;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const NINE = 0x39;
/** Digits that always fit into a double. */
export const DIGITS_MAX = 15;
/** Integers below are exact in a double, and so is every step on the way to them. */
export const EXACT_BELOW = 2 ** 53;
/** Powers of ten that a double holds exactly. */
export const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Whether four bytes, the first one lowest, are digits: 0x30 to 0x39 each. */
export const areDigits = (four: number): boolean =>
  (four & 0xf0f0f0f0) === 0x30303030 && ((four + 0x06060606) & 0xf0f0f0f0) === 0x30303030;

/** The number that they write: two digits to a pair, then two pairs, in one word (D. Lemire's parse of eight digits, halved). */
export function numberOf(four: number): number {
  const pairs = (Math.imul(four & 0x0f0f0f0f, 10 * 256 + 1) >>> 8) & 0x00ff00ff;
  return Math.imul(pairs, 100 * 65_536 + 1) >>> 16;
}

/** Correctly rounded, as both numbers are exact (W. Clinger, "How to read floating point numbers accurately", 1990); NaN if not. */
export function timesPowerOfTen(mantissa: number, exponent: number): number {
  if (exponent === 0) return mantissa;
  if (exponent < 0) return exponent < -22 ? Number.NaN : mantissa / (EXACT_POWERS[-exponent] as number);
  return exponent > 22 ? Number.NaN : mantissa * (EXACT_POWERS[exponent] as number);
}

/** One past the exponent whose `e` stands at `at`, or -1 when there are no digits. */
export function exponentEnd(bytes: Uint8Array, at: number, end: number): number {
  let to = at + 1;
  if (to < end && (bytes[to] === PLUS || bytes[to] === MINUS)) to++;
  const digitsAt = to;
  while (to < end && (bytes[to] as number) >= ZERO && (bytes[to] as number) <= NINE) to++;
  return to === digitsAt ? -1 : to;
}
