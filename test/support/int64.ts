// 64-bit integers of every magnitude, for properties: as many of one bit as of 63, and what stands
// at the edges.

import fc from 'fast-check';
import { type Int64, int64Of } from '../../src/base/int64.ts';

/**
 * Around the largest integers that a double and its half hold, a time in each unit, and Java's
 * Long.MAX_VALUE.
 */
const EDGES = [
  0n,
  2n ** 52n,
  2n ** 53n,
  17n * 10n ** 11n,
  17n * 10n ** 14n,
  17n * 10n ** 17n,
  2n ** 63n - 1n,
];

export const anyInt64 = (): fc.Arbitrary<Int64> =>
  fc
    .oneof(
      fc
        .tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(63))
        .map(([all, bits]) => all >> BigInt(bits)),
      fc
        .tuple(fc.constantFrom(...EDGES), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
        .map(([edge, by, isNegative]) => (isNegative ? -edge : edge) + by),
    )
    .map(int64Of);
