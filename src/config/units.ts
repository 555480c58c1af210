// Numbers with a least and a greatest sensible value: whole numbers, and durations and sizes as
// people write them: `200ms`, `10s`, `64MiB`. A duration without a unit is in milliseconds, a size
// in bytes.

import { z } from 'zod';
import { bare } from '../written/wanted.ts';

/** What is registered here is told to editors and readers. */
const bounds = z.registry<{ readonly least: string | number; readonly most: string | number }>();

interface Units {
  /** How many of the smallest unit, which comes first. */
  readonly units: Readonly<Record<string, number>>;
  readonly such: string;
}

const DURATIONS: Units = {
  units: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  such: 'a duration such as 200ms, 10s or 5m',
};
const SIZES: Units = {
  units: { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  such: 'a size such as 64KiB, 1MiB or 2GiB',
};

const patternOf = ({ units }: Units): string => `^(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(units).join('|')})?$`;

/** In the smallest unit; NaN for text that is none. */
function read(of: Units, value: number | string): number {
  if (typeof value === 'number') return value;
  const match = new RegExp(patternOf(of)).exec(value);
  return match === null ? Number.NaN : Number(match[1]) * (of.units[match[2] ?? ''] ?? 1);
}

/** The type parses to the smallest unit, rounded: Kafka and timers know nothing smaller. */
function quantity(of: Units, least: string, most: string) {
  const [minimum, maximum] = [read(of, least), read(of, most)];
  // A JSON Schema can compare numbers, but not text.
  const given = [z.number().meta({ minimum, maximum }), z.string().meta({ pattern: patternOf(of) })] as const;
  const either = z.union(given, { error: `expected ${of.such}` }).register(bounds, { least, most });
  return either.transform((value, context): number => {
    const found = read(of, value);
    if (found >= minimum && found <= maximum) return Math.round(found);
    const expected = Number.isNaN(found) ? of.such : `${least} to ${most}`;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}

/** Parses to milliseconds. */
export const duration = (least: string, most: string) => quantity(DURATIONS, least, most);

/** Parses to bytes. */
export const size = (least: string, most: string) => quantity(SIZES, least, most);

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

/** A quantity in the largest unit in which it is a whole number: `90s`, `1h`, `4MiB`. */
export const durationInWords = (ms: number): string => inWords(DURATIONS, ms);
export const sizeInWords = (bytes: number): string => inWords(SIZES, bytes);

function inWords({ units }: Units, value: number): string {
  const [unit, one] = Object.entries(units).findLast(([, each]) => value % each === 0 && value >= each) ?? [
    Object.keys(units)[0],
    1,
  ];
  return `${value / one}${unit}`;
}

/** Parses one duration given on the command line; throws `RangeError`. */
export function parseDuration(text: string): number {
  const ms = read(DURATIONS, text);
  if (!Number.isNaN(ms)) return ms;
  throw new RangeError(`"${text}" is no duration; expected one such as 200ms, 10s or 5m`);
}
