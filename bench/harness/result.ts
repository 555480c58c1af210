// What a scenario gives: runs with their figures, plots, goals. One form for all scenarios, so that
// the reports and `compare` need to know none of them.

import type { Machine } from './machine.ts';

/** One measured quantity. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** Which way is good; null: it only tells something. */
  readonly better: 'higher' | 'lower' | null;
  readonly digits: number;
  /** What the figure is, for somebody who sees it for the first time. */
  readonly meaning: string;
}

/** One row of the table: a case, and for each metric a figure a round. */
export interface Run {
  readonly name: string;
  readonly figures: Readonly<Record<string, readonly number[]>>;
  /** It was not measured for long enough to mean anything. */
  readonly isTooShort?: true;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number | string, number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /**
   * percentile: x is a percentile from 0 to below 100, spaced by its nines. stacked: bars on top of
   * each other.
   */
  readonly kind: 'line' | 'logarithmic' | 'percentile' | 'bars' | 'stacked';
  readonly series: readonly Series[];
  /** Bars with these names are ours: they are set off from the others. */
  readonly ours?: readonly string[];
}

/** One way in which a daemon was run: every key of its configuration, secrets left out. */
export interface RanConfig {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Something promised, and what was found. */
export interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Something to read besides the figures. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Findings {
  readonly metrics: readonly Metric[];
  readonly runs: readonly Run[];
  readonly plots: readonly Plot[];
  readonly goals: readonly Goal[];
  readonly tables?: readonly Table[];
  /** What limits the figures, what to know when reading them, how to tune. */
  readonly notes: readonly string[];
}

export interface Result extends Findings {
  readonly scenario: string;
  readonly measures: string;
  /** How it was called. */
  readonly command: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  /** What stood behind it: a broker with its version, or the embedded log. */
  readonly log: string;
  /** The configurations that really ran, each once. */
  readonly configs: readonly RanConfig[];
}

/** What was measured does not count: the output was not what it had to be. */
export class VoidRunError extends Error {
  override readonly name = 'VoidRunError';
}

export const ratio = (value: number): string => `${value.toFixed(value < 20 ? 1 : 0)} times`;

export const atLeast = (what: string, wanted: number, measured: number): Goal => ({
  what,
  wanted: `at least ${ratio(wanted)}`,
  measured: ratio(measured),
  isMet: measured >= wanted,
});

export const atMost = (what: string, wanted: number, measured: number, unit: string): Goal => ({
  what,
  wanted: `at most ${wanted} ${unit}`,
  measured: `${measured.toFixed(1)} ${unit}`,
  isMet: measured <= wanted,
});
