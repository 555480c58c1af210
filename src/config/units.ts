// Numbers with a least and a greatest sensible value: whole numbers, and durations and sizes as
// people write them: `200ms`, `10s`, `64MiB`.

import { z } from 'zod';
import {
  amountIn,
  amountInWords,
  DURATIONS,
  MILLISECONDS,
  type Quantity,
  SIZES,
} from '../written/quantity.ts';
import { bare } from '../written/wanted.ts';

/** What is registered here is told to editors and readers. */
const bounds = z.registry<{ readonly least: string | number; readonly most: string | number }>();

/**
 * The type parses to the smallest unit. `bare` says which numbers need no unit. A JSON Schema can
 * compare numbers, but not text.
 */
function quantity(of: Quantity, least: string, most: string, bare: readonly z.ZodType<number>[]) {
  const [minimum, maximum] = [amountIn(of, least), amountIn(of, most)];
  const given = [...bare, z.string().meta({ pattern: of.pattern })];
  const either = z.union(given, { error: `expected ${of.such}` }).register(bounds, { least, most });
  return either.transform((value, context): number => {
    const found = typeof value === 'number' ? Math.round(value) : amountIn(of, value);
    if (found >= minimum && found <= maximum) return found;
    const expected = Number.isNaN(found) ? of.such : `${least} to ${most}`;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}

const anyWithin = (of: Quantity, least: string, most: string) => [
  z.number().meta({ minimum: amountIn(of, least), maximum: amountIn(of, most) }),
];

/** Parses to milliseconds. */
export const duration = (least: string, most: string) =>
  quantity(DURATIONS, least, most, amountIn(DURATIONS, least) === 0 ? [z.literal(0)] : []);

/** For a key whose name ends with `.ms`: a number without a unit is milliseconds. */
export const milliseconds = (least: string, most: string) =>
  quantity(MILLISECONDS, least, most, anyWithin(MILLISECONDS, least, most));

/** Parses to bytes. */
export const size = (least: string, most: string) =>
  quantity(SIZES, least, most, anyWithin(SIZES, least, most));

export function wholeNumber(least: number, most: number) {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error }).register(bounds, { least, most });
}

/** `1ms to 1h`; null for a type without bounds. */
export function boundsInWords(type: z.ZodType): string | null {
  const inner = bare(type);
  const found = bounds.get(inner);
  if (found !== undefined) return `${found.least} to ${found.most}`;
  if (!(inner instanceof z.ZodUnion)) return null;
  for (const option of inner.options) {
    const ofOption = boundsInWords(option as z.ZodType);
    if (ofOption !== null) return ofOption;
  }
  return null;
}

export const durationInWords = (ms: number): string => amountInWords(DURATIONS, ms);
export const sizeInWords = (bytes: number): string => amountInWords(SIZES, bytes);
