// Makes spans of micro-batches, by OpenTelemetry's semantic conventions for messaging. They are
// made when all of their times are known, so nothing is open while a micro-batch is on its way.

import {
  type Attributes,
  type Context,
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { TracedMicroBatch, TracedRecord } from '../scoring/traced.ts';

/** What is the same for all spans of a job. */
export interface TracedJob {
  readonly job: string;
  readonly system: string;
  readonly group: string;
  readonly results: string;
  readonly deadLetters: string;
  readonly model: string;
}

/** Gives the ids that a worker has chosen already, else new ones. */
export class GivenIds implements IdGenerator {
  readonly #others: IdGenerator;
  traceId: string | null = null;
  spanId: string | null = null;

  constructor(others: IdGenerator) {
    this.#others = others;
  }

  generateTraceId(): string {
    const id = this.traceId ?? this.#others.generateTraceId();
    this.traceId = null;
    return id;
  }

  generateSpanId(): string {
    const id = this.spanId ?? this.#others.generateSpanId();
    this.spanId = null;
    return id;
  }
}

const contextOf = (traceId: string, spanId: string, flags: number, state: string | null): SpanContext => ({
  traceId,
  spanId,
  traceFlags: flags,
  ...(state === null ? {} : { traceState: createTraceState(state) }),
});

const batchContext = ({ traceId, spanId }: TracedMicroBatch): SpanContext =>
  contextOf(traceId, spanId, TraceFlags.SAMPLED, null);

const below = (parent: SpanContext, isRemote = false): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote });

/** The record as it came. */
const givenContext = ({ traceId, parentId, flags, state }: TracedRecord): SpanContext =>
  contextOf(traceId, parentId, flags, state);

/** Its answer. */
const answerContext = ({ traceId, spanId, flags, state }: TracedRecord): SpanContext =>
  contextOf(traceId, spanId, flags, state);

const OFFSET = 'messaging.kafka.offset';

export class MicroBatchSpans {
  readonly #tracer: Tracer;
  readonly #ids: GivenIds;
  readonly #of: TracedJob;
  /** Milliseconds since 1970; they never go back. */
  readonly #nowMs: () => number;

  constructor(tracer: Tracer, ids: GivenIds, of: TracedJob, nowMs: () => number) {
    this.#tracer = tracer;
    this.#ids = ids;
    this.#of = of;
    this.#nowMs = nowMs;
  }

  /** `waitedMs`: from its arrival until now. */
  scored(microBatch: MicroBatch, { traced }: Outcome, waitedMs: number): void {
    const endedAtMs = this.#nowMs();
    for (const each of traced) this.#process(microBatch, each, endedAtMs - waitedMs, endedAtMs);
  }

  /** Its answers were acknowledged, `tookMs` after they were given to the sink. */
  produced({ outputs, traced }: Outcome, tookMs: number): void {
    const endedAtMs = this.#nowMs();
    for (const each of traced)
      this.#send(
        each,
        outputs.map(({ topic }) => topic),
        endedAtMs - tookMs,
        endedAtMs,
      );
  }

  #process(microBatch: MicroBatch, traced: TracedMicroBatch, arrivedAtMs: number, endedAtMs: number): void {
    const { topic, partition, trigger } = microBatch;
    const { first, until, results, deadLetters, skipped, records } = traced;
    this.#ids.traceId = traced.traceId;
    this.#ids.spanId = traced.spanId;
    const span = this.#tracer.startSpan(
      `process ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        startTime: arrivedAtMs,
        attributes: {
          ...this.#common('process', topic),
          'messaging.consumer.group.name': this.#of.group,
          'messaging.destination.partition.id': String(partition),
          'messaging.batch.message_count': results + deadLetters + skipped,
          'scorelane.offset.first': first,
          'scorelane.offset.next': until,
          'scorelane.trigger': trigger,
          'scorelane.dead_letters': deadLetters,
        },
        links: records.map((record) => this.#link(givenContext(record), record)),
      },
      ROOT_CONTEXT,
    );
    this.#stages(traced, arrivedAtMs, endedAtMs);
    span.end(endedAtMs);
    for (const record of records) this.#create(record, traced, partition, endedAtMs);
  }

  /**
   * The stages one behind the other, each with all of its time: decode, predict and encode take
   * turns, chunk by chunk. What is left at the end is the way back from the worker.
   */
  #stages(traced: TracedMicroBatch, arrivedAtMs: number, endedAtMs: number): void {
    const { startedAtMs, decodeMs, predictMs, encodeMs } = traced;
    // The clocks of two threads may differ by a little.
    let fromMs = Math.min(Math.max(arrivedAtMs, startedAtMs), endedAtMs);
    const stage = (name: string, startMs: number, endMs: number): void =>
      this.#tracer
        .startSpan(name, { kind: SpanKind.INTERNAL, startTime: startMs }, below(batchContext(traced)))
        .end(Math.min(endMs, endedAtMs));
    stage('queue', arrivedAtMs, fromMs);
    for (const [name, ms] of [
      ['decode', decodeMs],
      ['predict', predictMs],
      ['encode', encodeMs],
    ] as const) {
      const nextMs = Math.min(fromMs + ms, endedAtMs);
      stage(name, fromMs, nextMs);
      fromMs = nextMs;
    }
  }

  /** The next step in the record's own trace: its answer is made. */
  #create(record: TracedRecord, traced: TracedMicroBatch, partition: number, endedAtMs: number): void {
    const { code } = record;
    const destination = code === null ? this.#of.results : this.#of.deadLetters;
    this.#ids.spanId = record.spanId;
    const span = this.#tracer.startSpan(
      `create ${destination}`,
      {
        kind: SpanKind.PRODUCER,
        startTime: traced.startedAtMs,
        attributes: {
          ...this.#common('create', destination),
          'scorelane.source.partition': partition,
          'scorelane.source.offset': record.offset,
          ...(code === null ? {} : { 'error.type': code }),
        },
        links: [{ context: batchContext(traced) }],
      },
      below(givenContext(record), true),
    );
    if (code !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    span.end(Math.max(traced.startedAtMs, endedAtMs));
  }

  #send(traced: TracedMicroBatch, topics: readonly string[], startMs: number, endMs: number): void {
    const { results, deadLetters, records } = traced;
    for (const topic of new Set(topics))
      this.#tracer
        .startSpan(
          `send ${topic}`,
          {
            kind: SpanKind.CLIENT,
            startTime: startMs,
            attributes: {
              ...this.#common('send', topic),
              ...this.#countOf(topic, results, deadLetters),
            },
            links: records
              .filter(({ code }) => topic === (code === null ? this.#of.results : this.#of.deadLetters))
              .map((record) => this.#link(answerContext(record), record)),
          },
          below(batchContext(traced)),
        )
        .end(endMs);
  }

  /** How many go to a route is not counted. */
  #countOf(topic: string, results: number, deadLetters: number): Attributes {
    if (topic === this.#of.results) return { 'messaging.batch.message_count': results };
    return topic === this.#of.deadLetters ? { 'messaging.batch.message_count': deadLetters } : {};
  }

  #link(context: SpanContext, { offset }: TracedRecord): Link {
    return { context, attributes: { [OFFSET]: offset } };
  }

  #common(operation: string, destination: string): Attributes {
    const { system, job, model } = this.#of;
    return {
      'messaging.system': system,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
      'scorelane.job': job,
      'scorelane.model': model,
    };
  }
}
