// Windows of another version of the model, built up beside those that serve, in a process of their
// own, before that version takes over.

import type { Config } from '../config/schema.ts';
import type { Driver } from '../engine/driver.ts';
import type { PreparedStates } from '../pool/prepared-states.ts';
import type { Logger } from '../telemetry/log.ts';
import { secondsSince } from '../time/seconds-since.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import type { LanePosition, WindowsToBuild } from './build-windows.ts';
import { NoVerdictError, runHelper } from './helper-process.ts';
import type { Pool } from './pools.ts';
import type { FromWindows } from './windows-main.ts';

interface BesideParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly driver: Pick<Driver, 'state'>;
  /** How many partitions the input has. */
  readonly partitions: () => number;
}

export interface BuiltVersion {
  readonly version: string;
  readonly plan: string;
  readonly setup: ScorerSetup;
}

const TENTHS = 10;

const lanesOf = ({ state }: Pick<Driver, 'state'>): LanePosition[] =>
  [...state.lanes.values()].map(({ partition, ledger, placedBy }) => ({
    partition,
    offset: ledger.committable,
    ...(placedBy === undefined ? {} : { placedBy }),
  }));

/** Null where there is nothing to build up, or no second reader of the log. */
export const windowsBeside = (parts: BesideParts, pool: Pool): WindowsBeside | null =>
  parts.config.log === 'kafka' && 'prepared' in pool ? new WindowsBeside(parts, pool.prepared) : null;

export class WindowsBeside {
  readonly #parts: BesideParts;
  /** Where states are looked for when a version takes over. */
  readonly #prepared: PreparedStates;
  /** The version whose windows are there, or cannot be built beside: it may take over. */
  #ready: string | null = null;
  #building: { readonly version: string; readonly abort: AbortController } | null = null;

  constructor(parts: BesideParts, prepared: PreparedStates) {
    this.#parts = parts;
    this.#prepared = prepared;
  }

  /** The version whose windows are built up now. */
  get building(): string | null {
    return this.#building?.version ?? null;
  }

  isReady(version: string): boolean {
    return this.#ready === version;
  }

  /**
   * That version shall take over next, null: none. What is or was built up for others is given up:
   * it would be old when they are wanted again.
   */
  wants(version: string | null): void {
    if (this.#ready !== version) this.#ready = null;
    if (this.#building?.version !== version) this.#building?.abort.abort(new SupersededError());
  }

  /**
   * Resolves when the version may take over, or another one shall. Where its windows cannot be
   * built beside, its lanes do it when it takes over, and wait meanwhile. Rejects with the signal's
   * reason.
   */
  async build(wanted: BuiltVersion, signal: AbortSignal): Promise<void> {
    const { version } = wanted;
    const { logger } = this.#parts;
    const abort = new AbortController();
    const sinceMs = performance.now();
    this.#building = { version, abort };
    logger.info(`version ${version} has other windows: they are built up beside those that serve`);
    try {
      const folder = this.#prepared.folderOf(wanted.plan);
      await buildBeside(this.#parts, wanted, folder, AbortSignal.any([signal, abort.signal]));
      logger.info(`the windows of version ${version} are there after ${secondsSince(sinceMs)} s`);
      this.#ready = version;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SupersededError) return;
      this.#ready = version;
      const { message } = error as Error;
      logger.warn(`version ${version} takes over without its windows, lanes build them up: ${message}`);
    } finally {
      this.#building = null;
    }
  }
}

class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

async function buildBeside(
  { config, logger, driver, partitions }: BesideParts,
  { version, setup }: BuiltVersion,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const lanes = lanesOf(driver);
  const wanted: WindowsToBuild = { config, setup, folder, lanes, partitions: partitions() };
  let told = 0;
  const ended: (string | null)[] = [];
  const { text, isKilled } = await runHelper('windows-main', wanted, signal, (message, tell) => {
    const from = message as FromWindows;
    if (from.type === 'ask') tell(lanesOf(driver));
    else if (from.type === 'warning') logger.warn(`windows of version ${version}: ${from.message}`);
    else if (from.type === 'ended') ended.push(from.message);
    else if (Math.floor(from.share * TENTHS) > told) {
      told = Math.floor(from.share * TENTHS);
      logger.info(`windows of version ${version}: ${told * TENTHS} % of the records are read`);
    }
  });
  const [message] = ended;
  if (message === undefined)
    throw new NoVerdictError(
      isKilled
        ? 'the process that builds them was killed: perhaps memory ran out'
        : `the process that builds them ended: ${text}`,
    );
  if (message !== null) throw new NoVerdictError(message);
}
