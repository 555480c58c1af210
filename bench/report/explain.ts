// What stands under a table: what its figures are, and which configurations ran.

import type { Metric, RanConfig } from '../harness/result.ts';

/** One line for each figure. */
export const meanings = (metrics: readonly Metric[]): string[] =>
  metrics.map(({ name, unit, better, meaning }) => {
    const what = unit === '' ? name : `${name} (${unit})`;
    return `${what}: ${meaning}${better === null ? '' : `; ${better} is better`}`;
  });

/** The first configuration whole, and of the others what differs from it: `key: value`. */
export function configTexts(
  configs: readonly RanConfig[],
): { readonly name: string; readonly text: string }[] {
  const [first] = configs;
  return configs.map(({ name, config }, index) => {
    const keys = index === 0 ? Object.keys(config) : differingKeys(first?.config ?? {}, config);
    return { name, text: keys.map((key) => `${key}: ${shown(config[key])}`).join('\n') };
  });
}

export const shown = (value: unknown): string => (value === undefined ? 'not set' : JSON.stringify(value));

export function differingKeys(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => JSON.stringify(one[key]) !== JSON.stringify(other[key]));
}
