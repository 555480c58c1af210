// Reads the configuration again and applies what can change live: to each job that runs, and to
// those that begin later. If anything is wrong with it, nothing changes.

import type { LoadedConfig } from '../config/loaded.ts';
import { type KeyChange, reloadOf } from '../config/reload.ts';
import type { Config } from '../config/schema.ts';
import { type Logger, setLogLevel } from '../telemetry/log.ts';
import type { RunningJob } from './running-job.ts';

/** What a reload did. */
export interface Reloaded {
  readonly changed: readonly KeyChange[];
  readonly needsRestart: readonly KeyChange[];
}

export class Reloader {
  readonly #started: LoadedConfig;
  readonly #read: () => LoadedConfig;
  readonly #jobs: readonly RunningJob[];
  readonly #logger: Logger;
  #configs: ReadonlyMap<string, Config>;

  /** `read` throws as `loadConfig` does. */
  constructor(started: LoadedConfig, read: () => LoadedConfig, jobs: readonly RunningJob[], logger: Logger) {
    this.#started = started;
    this.#read = read;
    this.#jobs = jobs;
    this.#logger = logger;
    this.#configs = new Map(started.jobs.map(({ name, config }) => [name, config]));
  }

  /** Throws `ConfigError` and what else is wrong with the file: then nothing has changed. */
  reload(why: string): Reloaded {
    const { changed, needsRestart, configs } = reloadOf(this.#started, this.#configs, this.#read());
    this.#configs = configs;
    // Before the level, which may keep it out of the log.
    for (const { key, old, new: now } of changed)
      this.#logger.warn({ key, old, new: now }, `${why}: ${key} is ${now} from now on, it was ${old}`);
    for (const { key, old, new: now } of needsRestart)
      this.#logger.warn(
        { key, old, new: now },
        `${why}: ${key} needs a restart to become ${now}; it stays ${old}`,
      );
    if (changed.length + needsRestart.length === 0) this.#logger.warn(`${why}: nothing has changed`);
    const isOfLevel = changed.some(({ key }) => key === 'telemetry.logLevel');
    for (const job of this.#jobs) {
      const config = configs.get(job.name);
      if (config === undefined) continue;
      job.retuned = config;
      job.daemon?.retune(config);
      if (isOfLevel) setLogLevel(this.#logger, config.telemetry.logLevel);
    }
    return { changed, needsRestart };
  }

  /** The same for a signal: what is wrong is logged. */
  tryReload(why: string): void {
    try {
      this.reload(why);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#logger.error({ code }, `${why}: nothing has changed, as the configuration is wrong: ${message}`);
    }
  }
}
