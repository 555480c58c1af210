// Scores a range of history with one or two versions of a model: the engine and the worker threads
// of the daemon, over a source that belongs to no live group.

import { nameOfId } from '../answers/result-names.ts';
import { type ErrorCode, ScorelaneError } from '../base/errors.ts';
import { ConfigError } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Driver } from '../engine/driver.ts';
import type { Observer } from '../engine/observer.ts';
import type { Sink } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import { ComparingSink } from '../rescoring/comparing-sink.ts';
import { PairScorer, StatefulPairScorer } from '../rescoring/pair-scorer.ts';
import { RangeSource } from '../rescoring/range-source.ts';
import { ReadAnswers } from '../rescoring/read-answers.ts';
import { avroResultReader, type Label, resultReader } from '../rescoring/result-reader.ts';
import { fingerprintOf, type ReplayRun, type RunPlan } from '../rescoring/run-plan.ts';
import type { Logger } from '../telemetry/log.ts';
import { Meter } from '../telemetry/meter.ts';
import { atMost } from '../time/bounded.ts';
import { modelFolder } from './configured-model.ts';
import { engineLimits, systemClock } from './engine-limits.ts';
import { logObserver } from './observer.ts';
import { connectSink, impatient, openSink } from './open-log.ts';
import { OwnPartitions } from './own-partitions.ts';
import { configOf } from './replay-plan.ts';
import { type ReplayVersions, startVersions } from './replay-versions.ts';
import { requireRights } from './rights.ts';
import type { Topics } from './topics.ts';

export interface ReplayOptions {
  readonly logger: Logger;
  /** Ends it: what is in flight is finished. */
  readonly signal: AbortSignal;
  readonly isGiven: (key: string) => boolean;
  /** Labels by id, where a topic has them. */
  readonly labelOf: ((id: string | null) => Label) | null;
  /** Models are loaded. */
  readonly onLoaded: (backends: readonly string[]) => void;
  /** It scores: the first records have come. */
  readonly onBegun: () => void;
}

/** Record batches of the history cannot be read. The code is that of what is wrong with them. */
class UnreadableHistoryError extends ScorelaneError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What no later try mends. */
const UNREADABLE: readonly string[] = [
  'SCORELANE_DAMAGED_BATCH',
  'SCORELANE_UNSUPPORTED_FORMAT',
  'SCORELANE_INFLATION_BOUND',
  'SCORELANE_COMPRESSION',
  'SCORELANE_TRUNCATED',
  'SCORELANE_VARINT_TOO_LONG',
] satisfies readonly ErrorCode[];

/** Bytes may have been damaged on their way. */
const TRIES = 3;
/** For threads and connections, when all is done. */
const CLOSING_MS = 5_000;

/** Throws `ConfigError` if a model is not the one that the replay began with. */
export function requireSameModels(config: Config, { candidate, baseline }: RunPlan): void {
  for (const version of [candidate, ...(baseline === null ? [] : [baseline])])
    if (fingerprintOf(modelFolder(configOf(config, version))) !== version.fingerprint)
      throw new ConfigError([
        `--resume: expected ${version.model}@${version.version} as it was when the replay began, found other files; begin anew`,
      ]);
}

/**
 * Scores what is left of the run, whose positions and sums move. Resolves to whether all of the
 * range is done: false where the signal came first. Rejects with what is wrong.
 */
export async function replay(
  given: Config,
  topics: Topics,
  run: ReplayRun,
  options: ReplayOptions,
): Promise<boolean> {
  const { plan, parts } = run;
  const { logger, signal } = options;
  const source = new RangeSource(topics.open(plan.topic), parts, ({ position, resumedAt, ...of }) => {
    run.comparison.counts.gone += resumedAt - position;
    logger.warn(
      `${keyOf(of)}: offsets ${position} to ${resumedAt - 1} are gone from the log, and are not scored`,
    );
  });
  const target: Sink | null = plan.toTopic === null ? null : openSink(given, logger);
  let versions: ReplayVersions | undefined;
  try {
    if (target !== null) {
      const wanted = { resource: 'topic', name: plan.toTopic as string, operation: 'Write' } as const;
      await requireRights(given, [wanted], { ...impatient(given, logger), signal });
      await connectSink(
        target,
        { ...given, output: { ...given.output, topic: plan.toTopic as string } },
        {
          ...impatient(given, logger),
          signal,
        },
      );
    }
    versions = await startVersions(given, plan, {
      ...options,
      source,
      partitionsOf: async (topic) => (await target?.partitionCount(topic)) ?? 0,
    });
    options.onLoaded(versions.backends);
    void source.begun.then(options.onBegun);
    return await drive(versions, source, target, run, options);
  } finally {
    await atMost(CLOSING_MS, Promise.all([versions?.threads.stop(), target?.stop()]));
  }
}

async function drive(
  { config, pools, beside, avro }: ReplayVersions,
  source: RangeSource,
  target: Sink | null,
  { plan, parts, comparison }: ReplayRun,
  { logger, signal, labelOf }: ReplayOptions,
): Promise<boolean> {
  const failed = Promise.withResolvers<never>();
  const answersOf = (isCandidate: boolean): ReadAnswers => {
    // Results that nobody else reads are in MessagePack.
    const format = isCandidate && config.output.format === 'json' ? 'json' : 'msgpack';
    const named = (path: string | null): string | null => (path === null ? null : nameOfId(path));
    const label = plan.labelsTopic === null ? named(plan.label) : null;
    const names = { score: plan.score, label, id: named(plan.id) };
    const reader =
      isCandidate && avro !== null
        ? avroResultReader(avro.schema, avro.frameBytes, names)
        : resultReader(format, names);
    return new ReadAnswers(reader, config.limits.inflatedBytes);
  };
  const sink = new ComparingSink({
    comparison,
    parts,
    candidate: answersOf(true),
    baseline: plan.baseline === null ? null : answersOf(false),
    inner: target,
    labelOf,
    onAnswered: () => source.answered(),
    onFatal: failed.reject,
  });
  const hasStates = pools.some((pool) => 'restore' in pool);
  const ranges = parts.map(({ until }) => ({ from: 0, until }));
  const driver = new Driver({
    source,
    sink,
    scorer: new (hasStates ? StatefulPairScorer : PairScorer)(pools, ranges, beside),
    counter: { inputHas: () => {}, lacks: async () => false },
    clock: systemClock,
    limits: engineLimits(config),
    revokeTimeoutMs: config.lanes.revokeTimeout,
    observer: watching(logObserver(logger, new Meter(0), new OwnPartitions(logger, config.kafka)), {
      onLost: () => sink.lost(),
      onUnreadable: failed.reject,
    }),
    onFatal: failed.reject,
  });
  const told = Promise.withResolvers<false>();
  const tell = (): void => told.resolve(false);
  signal.addEventListener('abort', tell, { once: true });
  if (signal.aborted) tell();
  failed.promise.catch(() => {});
  try {
    const begun = driver.start();
    begun.catch(failed.reject);
    return await Promise.race([source.done.then(() => true), told.promise, failed.promise]);
  } finally {
    signal.removeEventListener('abort', tell);
    await driver.stop(config.lanes.stopTimeout);
  }
}

interface Watched {
  readonly onLost: () => void;
  readonly onUnreadable: (error: Error) => void;
}

/**
 * A live lane waits until somebody mends what it cannot read. A replay ends, and says what it is.
 */
const watching = (observer: Observer, { onLost, onUnreadable }: Watched): Observer => ({
  ...observer,
  lost(partitions) {
    onLost();
    observer.lost?.(partitions);
  },
  effect(effect) {
    observer.effect?.(effect);
    if (effect.type !== 'trouble' || effect.attempts < TRIES) return;
    if (!UNREADABLE.includes(effect.failure.code)) return;
    const { code, message } = effect.failure;
    onUnreadable(
      new UnreadableHistoryError(
        code as ErrorCode,
        `${keyOf(effect.lane)} cannot be scored further: ${message}`,
      ),
    );
  },
});
