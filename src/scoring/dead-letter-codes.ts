// How many dead letters there are of each code. Codes are a fixed list, so there are never many.

import type { Rejection } from '../features/rejection.ts';

/** The offset of the last dead letter of each code. */
export type DeadLetterOffsets = Readonly<Partial<Record<Rejection['code'], number>>>;

/** Codes that no dead letter has are left out. */
export type DeadLetterCodes = Readonly<Partial<Record<Rejection['code'], number>>>;

export const NO_CODES: DeadLetterCodes = {};

/** Most micro-batches have no dead letter: then nothing is copied. */
export function addCodes(left: DeadLetterCodes, right: DeadLetterCodes): DeadLetterCodes {
  const more = Object.entries(right) as [Rejection['code'], number][];
  if (more.length === 0) return left;
  const sum = { ...left };
  for (const [code, count] of more) sum[code] = (sum[code] ?? 0) + count;
  return sum;
}
