// The live line: rewritten in place on a terminal, a plain line every few seconds elsewhere.

import type { Percentiles } from './stages.ts';

export interface ProgressNow {
  readonly scored: number;
  readonly deadLetters: number;
  readonly recordsPerSecond: number;
  readonly endToEnd: Percentiles;
  readonly lag: number;
}

export const progressLine = ({ scored, deadLetters, recordsPerSecond, endToEnd, lag }: ProgressNow): string =>
  [
    `${count(scored)} scored`,
    `${count(deadLetters)} dead letters`,
    `${count(recordsPerSecond)} records/s`,
    `p50 ${endToEnd.p50.toFixed(1)} ms`,
    `p99 ${endToEnd.p99.toFixed(1)} ms`,
    `lag ${count(lag)}`,
  ].join('  ');

const count = (value: number): string => value.toLocaleString('en');

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells a terminal to clear the line. */
export const CLEAR_LINE = '\r\u001b[2K';

export class Progress {
  readonly #output: ProgressOutput;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** How often to show the line: more often on a terminal than in a log. */
  get everyMs(): number {
    return this.#output.isTTY === true ? 500 : 2_000;
  }

  show(now: ProgressNow): void {
    const line = progressLine(now);
    this.#output.write(this.#output.isTTY === true ? CLEAR_LINE + line : `${line}\n`);
  }

  end(): void {
    if (this.#output.isTTY === true) this.#output.write('\n');
  }
}
