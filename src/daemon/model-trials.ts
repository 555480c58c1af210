// The versions of a job's model that are tried on live records: those that have the labels shadow
// and canary. A canary that is not good enough is taken back here.

import type { Config } from '../config/schema.ts';
import type { Driver } from '../engine/driver.ts';
import { NO_TRIALS, type Trial, type TrialKind } from '../scoring/trial.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { shiftOf } from '../telemetry/trial-meter.ts';
import { troubleOfCanary } from '../versions/canary-guard.ts';
import type { VersionLabels } from '../versions/labels.ts';
import type { Deployment } from '../worker-protocol/messages.ts';

export interface TrialParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly driver: Pick<Driver, 'serve'>;
}

/** A version that is on the threads. */
export interface LoadedVersion {
  readonly deployment: Deployment;
  /** Versions with the same one have the same rows. */
  readonly features: string;
}

const KINDS: readonly TrialKind[] = ['shadow', 'canary'];
/** After so many losses of threads a version is not tried any more. */
const LOSSES_MAX = 3;

export class ModelTrials {
  readonly #parts: TrialParts;
  readonly #find: (version: string) => LoadedVersion | undefined;
  /** By kind, the version that has the label. */
  #labelled: Partial<Record<TrialKind, string>> = {};
  #serving = '';
  #trials: readonly Trial[] = NO_TRIALS;
  /** Versions that are not tried as long as their label stays, and why. */
  readonly #takenBack = new Map<string, string>();
  /** By deployment, the threads that were lost while they tried it. */
  readonly #losses = new Map<string, number>();

  constructor(parts: TrialParts, find: (version: string) => LoadedVersion | undefined) {
    this.#parts = parts;
    this.#find = find;
  }

  /** The versions that labels want tried, if the configuration lets them. */
  wantedBy({ versions }: VersionLabels): string[] {
    this.#labelled = Object.fromEntries(
      KINDS.flatMap((kind) => {
        const version = versions[kind];
        return version === undefined || this.#shareOf(kind) === 0 ? [] : [[kind, version]];
      }),
    );
    const labelled = Object.values(this.#labelled);
    for (const version of this.#takenBack.keys())
      if (!labelled.includes(version)) this.#takenBack.delete(version);
    return labelled;
  }

  kindOf(version: string): TrialKind | null {
    const id = this.#find(version)?.deployment.id;
    return this.#trials.find(({ deployment }) => deployment === id)?.kind ?? null;
  }

  /** Why it is not tried any more; null if nothing is wrong with it. */
  whyNot(version: string): string | null {
    return this.#takenBack.get(version) ?? null;
  }

  /** Tells the engine which versions are tried beside the one that serves, if that has changed. */
  begin(serving: string): void {
    this.#serving = serving;
    const trials = KINDS.flatMap((kind) => this.#trialOf(kind) ?? []);
    if (JSON.stringify(trials) === JSON.stringify(this.#trials)) return;
    const { driver, logger, meter } = this.#parts;
    this.#trials = trials;
    meter.trials.keep(trials);
    for (const id of this.#losses.keys())
      if (!trials.some(({ deployment }) => deployment === id)) this.#losses.delete(id);
    driver.serve((this.#find(serving) as LoadedVersion).deployment.id, trials);
    for (const { kind, deployment, share } of trials)
      logger.warn(`${deployment} is tried as ${kind} from now on, with a share of ${share}`);
    if (trials.length === 0) logger.warn('no version is tried any more');
  }

  /** Another version serves: what was seen was seen beside the one before. */
  end(): void {
    this.#trials = NO_TRIALS;
    this.#parts.meter.trials.keep(NO_TRIALS);
  }

  /** What was seen of a canary has grown: is it good enough? */
  judge(): void {
    const { meter, config } = this.#parts;
    const canary = this.#trials.find(({ kind }) => kind === 'canary');
    const seen = canary && meter.trials.of(canary);
    const version = this.#labelled.canary;
    if (seen === undefined || version === undefined) return;
    const { canaryRecords, canaryFailures, canaryLatency, canaryShift } = config.model;
    const trouble = troubleOfCanary(
      { ...seen, shift: shiftOf(seen) },
      { records: canaryRecords, failures: canaryFailures, latency: canaryLatency, shift: canaryShift },
    );
    if (trouble === null) return;
    meter.count('canariesTakenBack');
    this.#takeBack(version, 'canary', trouble);
    this.begin(this.#serving);
  }

  #trialOf(kind: TrialKind): Trial | null {
    const version = this.#labelled[kind];
    if (version === undefined || version === this.#serving || this.#takenBack.has(version)) return null;
    const [tried, serving] = [version, this.#serving].map(this.#find);
    if (tried === undefined || serving === undefined) return null;
    if (tried.features === serving.features)
      return { deployment: tried.deployment.id, kind, share: this.#shareOf(kind) };
    this.#takeBack(version, kind, 'its features are others than those of the version that serves');
    return null;
  }

  /** A thread was lost with these in its task. They need not be to blame: the first is no proof. */
  lost(trials: readonly Trial[]): void {
    const going = this.#trials.filter(({ deployment }) =>
      trials.some((each) => each.deployment === deployment),
    );
    for (const { deployment, kind } of going) {
      const losses = (this.#losses.get(deployment) ?? 0) + 1;
      this.#losses.set(deployment, losses);
      const version = this.#labelled[kind];
      if (losses < LOSSES_MAX || version === undefined) continue;
      if (kind === 'canary') this.#parts.meter.count('canariesTakenBack');
      this.#takeBack(version, kind, `${losses} worker threads were lost while they tried it`);
    }
    if (going.some(({ deployment }) => (this.#losses.get(deployment) ?? 0) >= LOSSES_MAX))
      this.begin(this.#serving);
  }

  #takeBack(version: string, kind: TrialKind, why: string): void {
    this.#takenBack.set(version, why);
    this.#parts.logger.error(`version ${version} is not tried as ${kind}, ${this.#serving} goes on: ${why}`);
  }

  #shareOf(kind: TrialKind): number {
    const { shadowBudget, canaryShare } = this.#parts.config.model;
    return kind === 'shadow' ? shadowBudget : canaryShare;
  }
}
