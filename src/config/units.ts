// Durations and sizes as people write them: `200ms`, `10s`, `64MiB`. A number without a unit is
// milliseconds, or bytes.

import { z } from 'zod';

const DURATION_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const SIZE_BYTES: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

const quantity = (units: Record<string, number>, expected: string) => {
  const pattern = new RegExp(`^(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(units).join('|')})?$`);
  return z.union([z.number(), z.string()]).transform((value, context): number => {
    if (typeof value === 'number' && value >= 0) return value;
    const match = pattern.exec(String(value));
    const found = match === null ? Number.NaN : Number(match[1]) * (units[match[2] ?? ''] ?? 1);
    if (Number.isFinite(found)) return found;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
};

/** Parses to milliseconds. */
export const duration = () => quantity(DURATION_MS, 'a duration such as 200ms, 10s or 5m');

/** Parses to bytes. */
export const size = () => quantity(SIZE_BYTES, 'a size such as 64KiB, 1MiB or 2GiB');

/** Parses one duration given on the command line; throws `RangeError`. */
export function parseDuration(text: string): number {
  const result = duration().safeParse(text);
  if (result.success) return result.data;
  throw new RangeError(`"${text}" is no duration; expected one such as 200ms, 10s or 5m`);
}
