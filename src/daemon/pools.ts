// The pool for a model. Without windows each micro-batch goes to a free thread; with windows each
// lane stays on one thread.

import { tmpdir } from 'node:os';
import type { Config } from '../config/schema.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { beginningBefore, type OffsetAt } from '../log/offset-before.ts';
import type { Source } from '../log/ports.ts';
import { keepsState, readManifest } from '../model/manifest.ts';
import type { Turns } from '../pool/free-threads.ts';
import { ModelHost } from '../pool/model-host.ts';
import { PREPARED_PREFIX, PreparedFolders } from '../pool/prepared-states.ts';
import { SnapshotDirectory } from '../pool/snapshot-store.ts';
import { StatefulPool, type StatefulPoolOptions } from '../pool/stateful-pool.ts';
import { StatelessPool } from '../pool/stateless-pool.ts';
import type { AskingOptions } from '../pool/worker-client.ts';
import { planIdentity } from '../reading/plan-identity.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Deployment, ScorerSetup } from '../worker-protocol/messages.ts';
import { CannotWriteError } from './errors.ts';
import { threadOf } from './worker-threads.ts';

export type Pool = StatelessPool | StatefulPool;

export interface PoolParts {
  readonly setup: ScorerSetup;
  readonly source: Pick<Source, 'offsetAt'>;
  readonly logger: Logger;
  readonly hosts: readonly ModelHost[];
  /** Those of a job that shares the threads with others. */
  readonly turns?: Turns;
  readonly options: AskingOptions & Pick<StatefulPoolOptions, 'counts'>;
}

/** Jobs that share threads may have the same model. */
export const deploymentOf = (setup: ScorerSetup): Deployment => {
  const manifest = readManifest(setup.modelFolder);
  const { name, version } = manifest;
  const id = setup.job === '' ? `${name}@${version}` : `${setup.job}/${name}@${version}`;
  return keepsState(manifest) ? { id, setup, plan: planIdentity(manifest, setup) } : { id, setup };
};

/** A worker thread on which models are tried, one after the other, before anything runs. */
export class TrialThread {
  readonly #host: ModelHost;

  constructor(config: Config) {
    this.#host = new ModelHost(threadOf(config), { onThreadLost: () => {} });
  }

  /** As a start does. Rejects with `ModelError`. */
  load = (setup: ScorerSetup): Promise<void> => this.#host.load(deploymentOf(setup));

  stop = (): Promise<void> => this.#host.stop();
}

/** Where states are on their way from one thread to another, or kept. */
export const statesFolder = ({ snapshots }: Config): string => snapshots.directory ?? tmpdir();

/** Does something in that folder. Throws `CannotWriteError`. */
export function withStates<T>(config: Config, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const why = (error as Error).message;
    const where =
      config.snapshots.directory === undefined ? 'the temporary directory (TMPDIR)' : 'snapshots.directory';
    throw new CannotWriteError(
      `${where}: expected a folder that can be written, found ${statesFolder(config)}: ${why}`,
      { cause: error },
    );
  }
}

/** Throws `CannotWriteError` for a folder of snapshots that cannot be made. */
export function makePool(config: Config, { setup, source, logger, hosts, turns, options }: PoolParts): Pool {
  const manifest = readManifest(setup.modelFolder);
  const deployment = deploymentOf(setup);
  const deployed = { hosts, deployment, ...(turns === undefined ? {} : { turns }) };
  if (!keepsState(manifest)) return new StatelessPool({ ...deployed, ...options });
  const { snapshots, prepared } = openDirectories(config, logger);
  const pool: StatefulPool = new StatefulPool({
    ...deployed,
    snapshots,
    prepared,
    snapshotIntervalMs: config.snapshots.interval,
    // Lanes that are assigned together ask for the same time: the broker has to look once.
    beginningOf: (lane, position, tooLate, plan) => {
      const nowMs = 1_000 * Math.ceil(Date.now() / 1_000);
      const offsetAt: OffsetAt = (timestampMs) => source.offsetAt(lane, timestampMs);
      const { inputs, windows } = readManifest(pool.versions.ofPlan(plan).setup.modelFolder);
      const { reach } = new StatefulPlan(inputs, windows);
      return beginningBefore(position, reach, nowMs, offsetAt, tooLate);
    },
    nowMs: () => performance.now(),
    onState: (level, message) => logger[level](message),
    ...options,
  });
  return pool;
}

function openDirectories(
  config: Config,
  logger: Logger,
): Pick<StatefulPoolOptions, 'snapshots' | 'prepared'> {
  const onTrouble = (message: string): void =>
    logger.warn(`drafts of snapshots are not looked after: ${message}`);
  const directory = config.snapshots.directory ?? null;
  return {
    snapshots: withStates(
      config,
      () => new SnapshotDirectory(directory, { onTrouble, alsoDead: [PREPARED_PREFIX] }),
    ),
    prepared: new PreparedFolders(statesFolder(config), { onTrouble }),
  };
}
