// The trials of a thread, from one task to the next.

import type { Trial, TrialTold } from '../../scoring/trial.ts';
import type { SavedSketch } from '../../statistics/sketch.ts';
import { TrialTally } from './trial-tally.ts';
import type { RunningTrial, TriedModel } from './tried-model.ts';

interface Asking {
  readonly deployment: string;
  readonly trials?: readonly Trial[];
}

const NONE: readonly RunningTrial[] = [];
/** A sketch takes some ten microseconds to be sent. */
const EVERY_MS = 50;

export class RunningTrials {
  readonly #find: (deployment: string) => TriedModel | undefined;
  /** By what serves and what is tried. */
  readonly #running = new Map<string, RunningTrial & { readonly serving: string }>();

  /** By what serves, when it was told. */
  readonly #toldMs = new Map<string, number>();

  constructor(find: (deployment: string) => TriedModel | undefined) {
    this.#find = find;
  }

  /** Those of a task whose version is on the thread. */
  of({ deployment: serving, trials }: Asking): readonly RunningTrial[] {
    return trials === undefined || trials.length === 0
      ? NONE
      : trials.flatMap((trial) => this.#runningOf(serving, trial) ?? []);
  }

  #runningOf(serving: string, trial: Trial): RunningTrial | undefined {
    const { deployment, kind, share } = trial;
    const key = JSON.stringify([serving, deployment, kind, share]);
    const found = this.#running.get(key);
    if (found !== undefined) return found;
    const [model, server] = [this.#find(deployment), this.#find(serving)];
    if (model === undefined || server === undefined) return undefined;
    const running = { serving, trial, model, tally: new TrialTally(trial, model.fields, server.fields) };
    this.#running.set(key, running);
    return running;
  }

  /**
   * What was seen since then beside the version that serves. Nothing before it is time to tell
   * again: threads of several jobs tell each job of its own trials.
   */
  take(serving: string, nowMs: number): TrialTold<SavedSketch>[] {
    const toldMs = this.#toldMs.get(serving) ?? Number.NEGATIVE_INFINITY;
    if (this.#running.size === 0 || nowMs - toldMs < EVERY_MS) return [];
    this.#toldMs.set(serving, nowMs);
    return [...this.#running.values()].flatMap((each) =>
      each.serving === serving ? (each.tally.take() ?? []) : [],
    );
  }

  /** The version is given up, or loaded anew: what was not told of it is lost. */
  forget(deployment: string): void {
    this.#toldMs.delete(deployment);
    for (const [key, { serving, trial }] of this.#running)
      if (serving === deployment || trial.deployment === deployment) this.#running.delete(key);
  }
}
