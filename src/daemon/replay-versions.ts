// The versions of a model that a replay scores with, each with a backend of its own, on the same
// worker threads. Versions with the same features have one pool, and score the same rows.

import type { Config } from '../config/schema.ts';
import type { Source } from '../log/ports.ts';
import { explainChoice } from '../model/choose.ts';
import { readManifest } from '../model/manifest.ts';
import { planIdentity } from '../reading/plan-identity.ts';
import type { RunPlan } from '../rescoring/run-plan.ts';
import type { Logger } from '../telemetry/log.ts';
import { unlessAborted } from '../time/bounded.ts';
import type { Deployment, PartitionCounts, ScorerSetup } from '../worker-protocol/messages.ts';
import { apartFromJob } from './apart-from-job.ts';
import { resultFrame, schemaOfResults } from './avro-setup.ts';
import { backendFor, modelFolder } from './configured-model.ts';
import { workerCount } from './engine-limits.ts';
import { backendsWithin, fittedAll, type JobToFit } from './memory.ts';
import { impatient } from './open-log.ts';
import { deploymentOf, makePool, type Pool } from './pools.ts';
import { configOf } from './replay-plan.ts';
import { scorerSetup } from './worker-setup.ts';
import { WorkerThreads } from './worker-threads.ts';

/** The header of each result that says that it is of a replay, and of which version. */
const REPLAY_HEADER = '__scorelane.replay';
/** Where results would go that nobody writes. */
const NOWHERE = 'replay';
const NO_FRAME = new Uint8Array(0);
/** Under which the two versions are known to threads: neither finds the windows of the other. */
const JOBS = ['candidate', 'baseline'] as const;

export interface ReplayVersions {
  /** Within the memory of the process. */
  readonly config: Config;
  readonly threads: WorkerThreads;
  /** Of the candidate, and of the version that it is compared with, if that has one of its own. */
  readonly pools: readonly Pool[];
  /** That version, by its deployment, where it scores the rows of the candidate. */
  readonly beside: string | null;
  readonly backends: readonly string[];
  /** How the results of the candidate are to be read; null where they are not in Avro. */
  readonly avro: { readonly schema: string; readonly frameBytes: number } | null;
}

export interface ReplayVersionsOptions {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly isGiven: (key: string) => boolean;
  readonly source: Pick<Source, 'offsetAt'>;
  readonly partitionsOf: (topic: string) => Promise<number>;
}

/**
 * What results must carry. Those that nobody reads but the comparison are small, and quick to read;
 * those for a topic are as the job writes them.
 */
function writing(config: Config, plan: RunPlan, isCandidate: boolean): Config {
  const { output } = config;
  const isRead = plan.toTopic !== null && isCandidate;
  const labels = plan.label !== null && plan.labelsTopic === null ? [plan.label] : [];
  // Both have the same ones: then they can have the same reader.
  const ids = plan.toTopic !== null ? output.ids : plan.id === null ? [] : [plan.id];
  return {
    ...config,
    output: {
      ...output,
      topic: isRead ? (plan.toTopic as string) : NOWHERE,
      ids: [...new Set([...ids, ...labels])],
      routes: {},
      ...(isRead ? {} : { format: 'msgpack', compression: 'none', features: false }),
    },
  };
}

/** Loads all versions on all threads. Rejects with what is wrong with one of them. */
export async function startVersions(
  given: Config,
  plan: RunPlan,
  options: ReplayVersionsOptions,
): Promise<ReplayVersions> {
  const { logger, signal, isGiven, source, partitionsOf } = options;
  const toFit: JobToFit[] = [];
  for (const version of [plan.candidate, ...(plan.baseline === null ? [] : [plan.baseline])]) {
    const named = configOf(apartFromJob(given), version);
    const wanted = backendsWithin(writing(named, plan, toFit.length === 0), isGiven);
    const choice = await unlessAborted(backendFor(wanted), signal);
    logger.info(`${version.model}@${version.version}: backend ${explainChoice(choice)}`);
    toFit.push({ config: wanted, isGiven, choice });
  }
  const patience = { ...impatient(given, logger), signal };
  const { configs, lines } = await unlessAborted(fittedAll(toFit, patience), signal);
  if (lines.length > 0) logger.info({ sum: lines.slice(1).map((line) => line.trim()) }, lines[0]);
  const [config] = configs as readonly [Config];
  const threads = new WorkerThreads(config, workerCount(config), logger);
  const input = plan.ranges.length;
  const frame = await unlessAborted(resultFrame(config, modelFolder(config), patience), signal);
  const setups = configs.map((each, index) => {
    const { backend } = (toFit[index] as JobToFit).choice;
    const isRead = index === 0 && plan.toTopic !== null;
    const model = { modelFolder: modelFolder(each), backend, resultFrame: isRead ? frame : NO_FRAME };
    const setup = scorerSetup(each, model, JOBS[index]);
    return isRead
      ? { ...setup, resultHeaders: { [REPLAY_HEADER]: nameOf(plan) } }
      : { ...setup, onlyField: plan.score };
  });
  const [candidate, baseline] = setups;
  const beside = besideOf(candidate as ScorerSetup, baseline);
  if (beside !== null) logger.info('both versions have the same features: they score the same rows');
  const pools: Pool[] = [];
  try {
    for (const [index, setup] of (beside === null ? setups : setups.slice(0, 1)).entries()) {
      const isRead = index === 0 && plan.toTopic !== null;
      const results = isRead ? await partitionsOf(plan.toTopic as string) : input;
      const counts: PartitionCounts = { input, results, deadLetters: input };
      const pool = makePool(configs[index] as Config, {
        setup,
        source,
        logger,
        hosts: threads.hosts,
        turns: threads.free.turns(),
        options: {
          counts: { now: counts, ask: async () => true },
          onThreadRetired: (why) => logger.warn(`a worker thread is replaced: it ${why}`),
        },
      });
      pools.push(pool);
      await unlessAborted(pool.start(), signal);
      if (beside !== null) await unlessAborted(pool.versions.add(beside), signal);
    }
  } catch (error) {
    await threads.stop();
    throw error;
  }
  const backends = toFit.map(({ choice }) => choice.backend);
  const avro =
    config.output.format === 'avro'
      ? { schema: schemaOfResults(config, modelFolder(config)), frameBytes: frame.length }
      : null;
  return { config, threads, pools, beside: beside?.id ?? null, backends, avro };
}

/**
 * A baseline with the features of the candidate scores its rows: records are read and decoded once.
 * Null where it has other features, or there is none.
 */
function besideOf(candidate: ScorerSetup, baseline: ScorerSetup | undefined): Deployment | null {
  if (baseline === undefined) return null;
  const plan = (setup: ScorerSetup): string => planIdentity(readManifest(setup.modelFolder), setup);
  if (plan(candidate) !== plan(baseline)) return null;
  // As one job they share their reader and its windows. It may be the same version twice.
  const deployment = deploymentOf({ ...baseline, job: candidate.job });
  return { ...deployment, id: `${JOBS[1]}/${deployment.id}` };
}

const nameOf = ({ candidate }: RunPlan): string => `${candidate.model}@${candidate.version}`;
