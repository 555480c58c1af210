// All metrics of the process in one registry. docs/metrics.md is made from it.

import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { SECONDS_BOUNDS } from '../telemetry/buckets.ts';
import type { Meter } from '../telemetry/meter.ts';
import { addCounter, addGauge, addHistogram, type Sample, type Spread } from './collected.ts';
import { COUNTERS } from './counters.ts';
import { DRIFT_GAUGES } from './drift.ts';
import { JOB_GAUGES, LANE_GAUGES } from './gauges.ts';
import type { MeteredJob, RunningNow } from './job.ts';
import { QUALITY_GAUGES } from './quality.ts';
import { TRIAL_COUNTERS, TRIAL_GAUGES } from './trials.ts';
import { addWorkers } from './workers.ts';

/** Of prom-client's own, those that break the rules of names: gauges that end like counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export interface MetricsOptions {
  readonly version: string;
  readonly jobs: () => readonly MeteredJob[];
  /** A job with more partitions has none of the series by partition. */
  readonly partitionSeriesMax: number;
  /** Spans that a collector has taken, and those that were given up. */
  readonly spans: () => { readonly exported: number; readonly dropped: number };
  /** What requests hold that wait or are scored. */
  readonly room: { readonly records: number; readonly bytes: number };
  /** Why requests may be refused. */
  readonly rejections: readonly string[];
}

/** To look at the lag of the event loop wakes the main thread, and each wake takes some 0.1 ms. */
const LAG_EVERY_MS = 100;

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;
  readonly #rejections: Counter<'reason'>;

  constructor({ version, jobs, partitionSeriesMax, spans, room, rejections }: MetricsOptions) {
    const { registry } = this;
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_EVERY_MS });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
    addGauge(registry, { name: 'scorelane_info', help: '1, with the version.', labels: ['version'] }, () => [
      [1, { version }],
    ]);
    addGauge(
      registry,
      { name: 'scorelane_job_ready', help: '1 if the job is ready, as /readyz says.', labels: ['job'] },
      () => jobs().map(({ name, isReady }) => [Number(isReady), { job: name }] as const),
    );
    const running = function* (read: (job: RunningNow) => readonly Sample[]): Generator<Sample> {
      for (const { name, running: now } of jobs())
        if (now !== null) for (const [value, labels] of read(now)) yield [value, { job: name, ...labels }];
    };
    const metersOf = function* (read: (meter: Meter) => readonly Spread[]): Generator<Spread> {
      for (const { name, running: now } of jobs())
        if (now !== null)
          for (const [buckets, labels] of read(now.meter)) yield [buckets, { job: name, ...labels }];
    };
    for (const { read, labels, ...named } of [...COUNTERS, ...TRIAL_COUNTERS])
      addCounter(registry, { ...named, labels: ['job', ...labels] }, () => running(read));
    for (const { read, labels, ...named } of [
      ...JOB_GAUGES,
      ...TRIAL_GAUGES,
      ...DRIFT_GAUGES,
      ...QUALITY_GAUGES,
    ])
      addGauge(registry, { ...named, labels: ['job', ...labels] }, () => running(read));
    for (const { read, ...named } of LANE_GAUGES)
      addGauge(registry, { ...named, labels: ['job', 'topic', 'partition'] }, () =>
        running(({ engine }) =>
          engine.lanes.size > partitionSeriesMax
            ? []
            : [...engine.lanes.values()].map((lane) => {
                const { topic, partition } = lane;
                return [read(lane, engine), { topic, partition }] as const;
              }),
        ),
      );
    addWorkers(registry, () => jobs().flatMap(({ running: now }) => (now === null ? [] : [now.meter])));
    addCounter(
      registry,
      {
        name: 'scorelane_trace_spans_total',
        help: 'Spans that the collector took (exported), and those that were given up (dropped).',
        labels: ['result'],
      },
      () => [
        [spans().exported, { result: 'exported' }],
        [spans().dropped, { result: 'dropped' }],
      ],
    );
    const stages = {
      name: 'scorelane_stage_duration_seconds',
      help: 'Time that a micro-batch spends: queue (waiting), decode (with its features), predict, encode, produce.',
      labels: ['job', 'stage'],
    };
    addHistogram(registry, stages, () =>
      metersOf(({ stages: { buckets } }) =>
        (['queue', 'decode', 'predict', 'encode', 'produce'] as const).map(
          (stage) => [buckets[stage], { stage }] as const,
        ),
      ),
    );
    const endToEnd = {
      name: 'scorelane_end_to_end_seconds',
      help: 'From the timestamp of a record to its acknowledged answer.',
      labels: ['job'],
    };
    addHistogram(registry, endToEnd, () => metersOf(({ stages: { buckets } }) => [[buckets.endToEnd, {}]]));
    const commits = {
      name: 'scorelane_commit_duration_seconds',
      help: 'Time that a commit takes.',
      labels: ['job'],
    };
    addHistogram(registry, commits, () => metersOf(({ flow }) => [[flow.commitSeconds, {}]]));
    const sizes = {
      name: 'scorelane_micro_batch_records',
      help: 'Records of a micro-batch.',
      labels: ['job'],
    };
    addHistogram(registry, sizes, () => metersOf(({ flow }) => [[flow.microBatchRecords, {}]]));
    const requested = {
      name: 'scorelane_http_micro_batch_records',
      help: 'Records, or rows, of requests that are scored together.',
      labels: ['job'],
    };
    addHistogram(registry, requested, () => metersOf(({ flow }) => [[flow.requestRecords, {}]]));
    const waiting = {
      name: 'scorelane_http_queue_records',
      help: 'Records, or rows, of requests that wait or are scored.',
      labels: [],
    };
    addGauge(registry, waiting, () => [[room.records, {}]]);
    const bodies = {
      name: 'scorelane_http_queue_bytes',
      help: 'Bytes of the bodies of such requests, from when they begin to come.',
      labels: [],
    };
    addGauge(registry, bodies, () => [[room.bytes, {}]]);
    this.#requests = new Histogram({
      name: 'scorelane_http_request_duration_seconds',
      help: 'Time that a request takes.',
      labelNames: ['method', 'route', 'status'],
      buckets: [...SECONDS_BOUNDS],
      registers: [registry],
    });
    this.#rejections = new Counter({
      name: 'scorelane_http_rejections_total',
      help: 'Requests, and connections, that were refused, by reason.',
      labelNames: ['reason'],
      registers: [registry],
    });
    // A series that begins with its first refusal has no rate then.
    for (const reason of rejections) this.#rejections.inc({ reason }, 0);
  }

  /** A request, or a connection, was refused. There are few reasons. */
  rejected(reason: string): void {
    this.#rejections.inc({ reason });
  }

  /** A request was answered. `route` is a pattern, not what a client has sent. */
  answered(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }
}
