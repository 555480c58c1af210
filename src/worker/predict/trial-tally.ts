// What a thread has seen of a version that is tried, until it is told; and whether a shadow has
// time left.

import { zero } from '../../base/counts.ts';
import type { OutputColumn } from '../../model/predictor.ts';
import type { ResultField } from '../../model/result-columns.ts';
import { TRIAL_COUNTS, TRIAL_SKETCH_BITS, type Trial, type TrialTold } from '../../scoring/trial.ts';
import { type SavedSketch, Sketch } from '../../statistics/sketch.ts';

/** Time that is longer ago counts half each time. */
const HALVED_EVERY_MS = 1_000;

/** The column of the first output that is one number, and of the first decision; -1 for none. */
interface Compared {
  readonly score: number;
  readonly decision: number;
}

const comparedIn = (fields: readonly ResultField[]): Compared => ({
  score: fields.findIndex(({ type, isList }) => type === 'float' && !isList),
  decision: fields.findIndex(({ type, isList }) => type === 'flag' && !isList),
});

export class TrialTally {
  readonly #trial: Trial;
  /** Of the trial, and of the version that serves. */
  readonly #tried: Compared;
  readonly #serving: Compared;
  #counts = { ...zero(TRIAL_COUNTS) };
  #decisions: [number, number, number, number] = [0, 0, 0, 0];
  #scores = new Sketch(TRIAL_SKETCH_BITS);
  #servingScores = new Sketch(TRIAL_SKETCH_BITS);
  #differences = new Sketch(TRIAL_SKETCH_BITS);
  /** Time of tasks, and of the trial in them; lately. */
  #taskMs = 0;
  #trialMs = 0;

  constructor(trial: Trial, tried: readonly ResultField[], serving: readonly ResultField[]) {
    this.#trial = trial;
    this.#tried = comparedIn(tried);
    this.#serving = comparedIn(serving);
  }

  /** Whether its share of the time leaves room for more. */
  get hasTime(): boolean {
    return this.#trialMs <= this.#trial.share * this.#taskMs;
  }

  /** A task took so long, trials included. */
  worked(taskMs: number): void {
    this.#taskMs += taskMs;
    if (this.#taskMs < HALVED_EVERY_MS) return;
    this.#taskMs /= 2;
    this.#trialMs /= 2;
  }

  skipped(rows: number): void {
    this.#counts.skipped += rows;
  }

  failed(rows: number): void {
    this.#counts.failures += rows;
  }

  /** A predict call of the trial took so long for so many rows. */
  predicted(rows: number, ms: number): void {
    this.#counts.records += rows;
    this.#counts.calls++;
    this.#counts.predictMs += ms;
    this.#trialMs += ms;
  }

  /** And one of the version that serves. */
  served(rows: number, ms: number): void {
    this.#counts.servingRecords += rows;
    this.#counts.servingCalls++;
    this.#counts.servingMs += ms;
  }

  score(columns: readonly OutputColumn[], row: number): void {
    const score = numberIn(columns, this.#tried.score, row);
    if (score !== null) this.#scores.add(score);
  }

  servingScore(columns: readonly OutputColumn[], row: number): void {
    const score = numberIn(columns, this.#serving.score, row);
    if (score !== null) this.#servingScores.add(score);
  }

  /** The same row, by both. */
  compare(tried: readonly OutputColumn[], serving: readonly OutputColumn[], row: number): void {
    const [ours, theirs] = [
      numberIn(tried, this.#tried.score, row),
      numberIn(serving, this.#serving.score, row),
    ];
    if (ours !== null && theirs !== null) this.#differences.add(Math.abs(ours - theirs));
    const [says, said] = [tried[this.#tried.decision], serving[this.#serving.decision]];
    if (says === undefined || said === undefined) return;
    const cell = Number(Number(says[row]) === 1) + 2 * Number(Number(said[row]) === 1);
    this.#decisions[cell] = (this.#decisions[cell] as number) + 1;
  }

  /** All since it was last taken; null if that is nothing. */
  take(): TrialTold<SavedSketch> | null {
    const counts = this.#counts;
    if (counts.records + counts.skipped + counts.failures + counts.servingRecords === 0) return null;
    const { kind, deployment } = this.#trial;
    const told = {
      ...{ ...counts, kind, deployment, decisions: this.#decisions },
      scores: this.#scores.saved(),
      servingScores: this.#servingScores.saved(),
      differences: this.#differences.saved(),
    };
    this.#counts = { ...zero(TRIAL_COUNTS) };
    this.#decisions = [0, 0, 0, 0];
    this.#scores = new Sketch(TRIAL_SKETCH_BITS);
    this.#servingScores = new Sketch(TRIAL_SKETCH_BITS);
    this.#differences = new Sketch(TRIAL_SKETCH_BITS);
    return told;
  }
}

/** Of an output that has one number a row. */
function numberIn(columns: readonly OutputColumn[], column: number, row: number): number | null {
  const value = columns[column]?.[row];
  return typeof value === 'number' ? value : null;
}
