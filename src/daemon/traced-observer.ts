// Makes spans of those micro-batches that a worker has chosen, besides what is logged of all.

import { ONLY_JOB } from '../config/job-keys.ts';
import type { Config } from '../config/schema.ts';
import type { Observer } from '../engine/observer.ts';
import type { MicroBatchSpans } from '../tracing/micro-batch-spans.ts';
import type { Tracing } from '../tracing/tracing.ts';

interface TracedDaemon {
  readonly tracing?: Tracing | null;
  /** Of one job among several, which may have been started again. */
  readonly shared?: { readonly job: string };
}

/** Null where nothing is traced. */
export const spansOf = (config: Config, { tracing, shared }: TracedDaemon): MicroBatchSpans | null =>
  tracing?.spansOf({
    job: shared?.job.replace(/#\d+$/, '') ?? ONLY_JOB,
    system: config.log === 'kafka' ? 'kafka' : 'scorelane',
    group: config.kafka['group.id'],
    results: config.output.topic,
    deadLetters: config.deadLetters.topic,
    model: config.model.name,
  }) ?? null;

export function withSpans(observer: Observer, spans: MicroBatchSpans | null): Observer {
  if (spans === null) return observer;
  return {
    ...observer,
    scored(microBatch, outcome, waitedMs) {
      observer.scored?.(microBatch, outcome, waitedMs);
      if (outcome.traced.length > 0) spans.scored(microBatch, outcome, waitedMs);
    },
    produced(lane, outcome, producedInMs) {
      observer.produced?.(lane, outcome, producedInMs);
      if (outcome.traced.length > 0) spans.produced(outcome, producedInMs);
    },
  };
}
