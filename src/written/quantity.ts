// Durations and sizes as people write them: `200ms`, `1.5s`, `30d`, `64MiB`. There is one rule for
// all options, keys and models: a duration has a unit, as a bare number would be seconds for one
// reader and milliseconds for the next. Only 0 is the same in all units. A size without a unit is
// bytes, as everywhere.

export interface Quantity {
  /** How many of the smallest unit, which comes first. */
  readonly units: Readonly<Record<string, number>>;
  readonly such: string;
  readonly pattern: string;
}

const NUMBER = '\\d+(?:\\.\\d+)?';

export const DURATIONS: Quantity = {
  units: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 },
  such: 'a duration with its unit, such as 200ms, 10s or 5m',
  pattern: `^(?:0|${NUMBER}\\s*(?:ms|s|m|h|d))$`,
};

/** Of keys whose names say the unit: `session.timeout.ms`. */
export const MILLISECONDS: Quantity = {
  ...DURATIONS,
  such: 'milliseconds, or a duration such as 200ms, 10s or 5m',
  pattern: `^${NUMBER}\\s*(?:ms|s|m|h|d)?$`,
};

export const SIZES: Quantity = {
  units: { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  such: 'a size such as 64KiB, 1MiB or 2GiB',
  pattern: `^${NUMBER}\\s*(?:B|KiB|MiB|GiB|TiB)?$`,
};

/** In the smallest unit, rounded, as nothing smaller can be kept; NaN for text that is none. */
export function amountIn({ units, pattern }: Quantity, text: string): number {
  if (!new RegExp(pattern).test(text)) return Number.NaN;
  const [, digits, unit = ''] = /^([\d.]+)\s*([A-Za-z]*)$/.exec(text) ?? [];
  return Math.round(Number(digits) * (units[unit] ?? 1));
}

/** In the largest unit in which it is a whole number: `90s`, `1h`, `4MiB`. */
export function amountInWords({ units }: Quantity, value: number): string {
  const [smallest = ''] = Object.keys(units);
  const [unit, one] = Object.entries(units).findLast(([, each]) => value % each === 0 && value >= each) ?? [
    smallest,
    1,
  ];
  return `${value / one}${unit}`;
}
