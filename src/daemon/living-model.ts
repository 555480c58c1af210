// The versions of a job's model while it runs: looks at the repository, tries a version that shall
// serve, loads it beside the one that serves, and switches. What fails any of these steps never
// serves. The version before stays loaded, for an instant way back.

import { basename, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Driver } from '../engine/driver.ts';
import { ModelError } from '../model/model-error.ts';
import { findVersion, versionsOf } from '../model/repository.ts';
import type { Trial } from '../scoring/trial.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { secondsSince } from '../time/seconds-since.ts';
import { NO_LABELS } from '../versions/labels.ts';
import { type ModelVersions, type VersionStatus, withFigures } from '../versions/model-versions.ts';
import { nextAction, type VersionState } from '../versions/next-action.ts';
import { seenLabels } from '../versions/seen-labels.ts';
import { wantedVersion } from '../versions/wanted-version.ts';
import type { Deployment, ScorerSetup } from '../worker-protocol/messages.ts';
import { tryCandidate } from './candidate.ts';
import { UnavailableError } from './errors.ts';
import { NoVerdictError } from './helper-process.ts';
import { byVersion, type KnownVersion, loadedOf, markOf } from './known-version.ts';
import { type ModelSource, modelSource } from './model-source.ts';
import { ModelTrials } from './model-trials.ts';
import type { Pool } from './pools.ts';
import type { BuiltVersion, WindowsBeside } from './windows-beside.ts';

export interface LivingParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly pool: Pool;
  readonly driver: Driver;
  /** The setup of the version that serves at the start. */
  readonly setup: ScorerSetup;
  /** What a thread is told of another version. Rejects with what is wrong with it. */
  readonly setupOf: (folder: string) => Promise<ScorerSetup>;
  /** That version is loaded, and requests may name it. */
  readonly onLoaded: (setup: ScorerSetup) => void;
  /** That version serves from now on. */
  readonly onServing: (setup: ScorerSetup) => void;
  /** For models with windows; null where there is no other reader of the log. */
  readonly windows: WindowsBeside | null;
  /** Requests to that version are over, as it is unloaded. */
  readonly onUnloading: (version: string) => Promise<void>;
}

/** Between two tries of a version that may not be to blame. */
const AGAIN_MS = 60_000;

export class LivingModel {
  readonly #parts: LivingParts;
  readonly #known = new Map<string, KnownVersion>();
  readonly #ending = new AbortController();
  #serving: string;
  /** It served before, and stays loaded. */
  #before: string | null = null;
  #looking: Promise<void> | null = null;
  /** It is on its way off the threads: it cannot serve. */
  #unloading: string | null = null;
  readonly #trials: ModelTrials;
  readonly #labels: ReturnType<typeof seenLabels>;
  /** Where versions are fetched from, if they are. */
  readonly #source: ModelSource | null;
  #complaint = '';
  /** As of the last look at the repository. */
  #seen: Pick<ModelVersions, 'wanted' | 'why' | 'labels'> & { readonly folders: readonly string[] };

  constructor(parts: LivingParts) {
    this.#parts = parts;
    this.#labels = seenLabels(parts.config.model.repository, parts.config.model.name);
    const { modelFolder: folder } = parts.setup;
    this.#serving = basename(folder);
    this.#trials = new ModelTrials(parts, (version) => this.#known.get(version)?.loaded ?? undefined);
    const loaded = loadedOf(parts.setup);
    this.#known.set(this.#serving, { folder, loaded, state: 'loaded', why: null, mark: markOf(folder) });
    parts.driver.serve(loaded.deployment.id);
    this.#seen = { wanted: this.#serving, why: '', labels: NO_LABELS.versions, folders: [] };
    this.#next();
    this.#source = modelSource(parts.config, parts.logger, parts.meter);
    this.#source?.begin(this);
  }

  get serving(): string {
    return this.#serving;
  }

  /** All versions that are loaded, are on their way, or were refused. */
  get versions(): readonly VersionStatus[] {
    return [...this.#known].map(([version, { state, why }]) => ({
      version,
      state: this.#shownState(version, state),
      trial: this.#trials.kindOf(version),
      why: why ?? this.#trials.whyNot(version),
    }));
  }

  /** All that is known of them, as of the last look. */
  get told(): ModelVersions {
    const { wanted, why, labels, folders } = this.#seen;
    const others = folders
      .filter((version) => !this.#known.has(version))
      .map((version) => ({ version, state: 'available', trial: null, why: null }) as const);
    const versions = [...this.versions, ...others, ...(this.#source?.besides(this.#known) ?? [])];
    return {
      ...{ policy: this.#parts.config.model.version, serving: this.#serving, wanted, why, labels },
      versions: withFigures(versions.toSorted(byVersion), this.#parts.meter.quality?.versions ?? []),
    };
  }

  #shownState(version: string, state: VersionState): VersionStatus['state'] {
    if (version === this.#serving) return 'serving';
    return version === this.#parts.windows?.building ? 'building' : state;
  }

  /** A thread was lost while it tried these versions. */
  trialsLost(trials: readonly Trial[]): void {
    this.#trials.lost(trials);
  }

  /** What was seen of a canary has grown: is it good enough? */
  judge(): void {
    this.#trials.judge();
  }

  /**
   * Looks what shall serve, and does what that needs. One look at a time; but a version that is
   * loaded takes over at once, whatever is on its way. What goes wrong is in the log, and looked at
   * again by the next look.
   */
  look(): Promise<void> {
    if (this.#looking !== null) this.#serveLoaded();
    this.#looking ??= this.#look()
      .catch((error: Error) => this.#trouble(error))
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  /** The same, and what was refused without being to blame is tried again at once. */
  lookAgain(): Promise<void> {
    for (const [version, { state, againMs = Number.POSITIVE_INFINITY }] of this.#known)
      if (state === 'refused' && againMs < Number.POSITIVE_INFINITY) this.#known.delete(version);
    return this.look();
  }

  /** Ends a look that is under way. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the job ends'));
    await Promise.all([this.#looking, this.#source?.stop()]);
  }

  async #look(): Promise<void> {
    const { signal } = this.#ending;
    const failed = new Set<string>();
    while (!signal.aborted) {
      const action = this.#next();
      this.#parts.windows?.wants(action?.type === 'serve' ? action.version : null);
      if (action === null || failed.has(action.version)) break;
      const { version } = action;
      if (action.type === 'load') await this.#load(version);
      else if (action.type === 'serve') await this.#takeOver(version);
      else if (!(await this.#unload(version))) failed.add(version);
    }
    if (!signal.aborted) this.#trials.begin(this.#serving);
  }

  #serveLoaded(): void {
    if (this.#ending.signal.aborted) return;
    try {
      const action = this.#next();
      const version = action?.type === 'serve' && action.version !== this.#unloading ? action.version : null;
      this.#parts.windows?.wants(version);
      if (version !== null && this.#plansToBuild(version) === null) this.#serve(version);
    } catch (error) {
      this.#trouble(error as Error);
    }
  }

  #trouble(error: Error): void {
    if (this.#ending.signal.aborted) return;
    const stack = error instanceof ModelError ? undefined : error.stack;
    this.#parts.logger.error(
      { stack },
      `version ${this.#serving} goes on to serve, as versions cannot be looked at: ${error.message}`,
    );
  }

  #next(): ReturnType<typeof nextAction> {
    const { model } = this.#parts.config;
    try {
      const versions = versionsOf(model.repository, model.name);
      this.#forgetReplaced(versions);
      const labels = this.#labels();
      const states = new Map([...this.#known].map(([version, { state }]) => [version, state]));
      const refused = new Set([...states.keys()].filter((each) => states.get(each) === 'refused'));
      const { version, why } = wantedVersion(model.version, { versions, labels, refused });
      this.#seen = { wanted: version, why, labels: labels.versions, folders: versions };
      this.#complain(version === null ? why : '');
      const tried = this.#trials
        .wantedBy(labels)
        .filter((each) => versions.includes(each) && each !== version);
      const loaded = new Set([...(this.#before === null ? [] : [this.#before]), ...tried]);
      return nextAction({ serving: version, loaded }, { serving: this.#serving, states });
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      this.#seen = { ...this.#seen, wanted: null, why: error.message };
      this.#complain(error.message);
      return null;
    }
  }

  /** Once, until it is another. */
  #complain(why: string): void {
    if (why !== '' && why !== this.#complaint)
      this.#parts.logger.error(`version ${this.#serving} goes on to serve: ${why}`);
    this.#complaint = why;
  }

  /** A version that was refused is tried again when its folder is another one, or it is time. */
  #forgetReplaced(versions: readonly string[]): void {
    for (const [version, { state, folder, mark, againMs = Number.POSITIVE_INFINITY }] of this.#known)
      if (
        state === 'refused' &&
        (!versions.includes(version) || markOf(folder) !== mark || performance.now() >= againMs)
      )
        this.#known.delete(version);
  }

  async #load(version: string): Promise<void> {
    const { config, logger, meter, pool, setupOf, onLoaded } = this.#parts;
    const { repository, name } = config.model;
    const folder = join(repository, name, version);
    const mark = markOf(folder);
    this.#known.set(version, { folder, loaded: null, state: 'loading', why: null, mark });
    logger.info(`version ${version} of ${name} is tried`);
    let hasPassed = false;
    try {
      const setup = await setupOf(findVersion(repository, name, version));
      const sinceMs = performance.now();
      await tryCandidate(config, setup, this.#ending.signal);
      hasPassed = true;
      logger.info(`version ${version} passed its trial after ${secondsSince(sinceMs)} s and is loaded`);
      const loaded = loadedOf(setup);
      await pool.versions.add(loaded.deployment);
      onLoaded(setup);
      this.#known.set(version, { folder, loaded, state: 'loaded', why: null, mark });
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const why = (error as Error).message;
      // What has passed its trial, or was not judged, may do better the next time.
      const isUnjudged = error instanceof NoVerdictError || error instanceof UnavailableError;
      const isLasting = !hasPassed && !isUnjudged;
      const againMs = isLasting ? Number.POSITIVE_INFINITY : performance.now() + AGAIN_MS;
      this.#known.set(version, { folder, loaded: null, state: 'refused', why, mark, againMs });
      meter.count('versionsRefused');
      logger.error(`version ${version} of ${name} cannot serve, and ${this.#serving} goes on: ${why}`);
    }
  }

  /** At once, where it has windows to go on with. */
  async #takeOver(version: string): Promise<void> {
    const wanted = this.#plansToBuild(version);
    if (wanted === null) this.#serve(version);
    // Meanwhile another one may be wanted.
    else await this.#parts.windows?.build(wanted, this.#ending.signal);
  }

  /** What is to be built up before that version takes over; null: nothing. */
  #plansToBuild(version: string): BuiltVersion | null {
    const { windows } = this.#parts;
    const { plan, setup } = this.#deploymentOf(version);
    if (windows === null || plan === undefined || windows.isReady(version)) return null;
    return plan === this.#deploymentOf(this.#serving).plan ? null : { version, plan, setup };
  }

  #deploymentOf(version: string): Deployment {
    const { deployment } = this.#known.get(version)?.loaded ?? {};
    if (deployment === undefined) throw new Error(`version ${version} is not on the threads`);
    return deployment;
  }

  #serve(version: string): void {
    const { logger, meter, pool, driver, onServing, config } = this.#parts;
    const deployment = this.#deploymentOf(version);
    // The only step that reads files: where it throws, nothing has changed.
    onServing(deployment.setup);
    pool.versions.serve(deployment.id);
    this.#trials.end();
    driver.serve(deployment.id);
    this.#parts.windows?.wants(null);
    this.#before = this.#serving;
    this.#serving = version;
    meter.drift.begin();
    meter.count('versionsSwitched');
    logger.warn(`version ${version} of ${config.model.name} scores from now on, ${this.#before} did before`);
  }

  /** False while something in flight still has that version. */
  async #unload(version: string): Promise<boolean> {
    const { id } = this.#known.get(version)?.loaded?.deployment ?? {};
    const lanes = [...this.#parts.driver.state.lanes.values()];
    if (id === undefined || lanes.some(({ ledger }) => ledger.has(id))) return false;
    this.#unloading = version;
    try {
      await this.#parts.onUnloading(version);
      this.#parts.meter.drift.forget(version);
      await this.#parts.pool.versions.remove(id);
      this.#known.delete(version);
    } finally {
      this.#unloading = null;
    }
    this.#parts.logger.info(`version ${version} is unloaded`);
    return true;
  }
}
