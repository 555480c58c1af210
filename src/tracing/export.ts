// Spans on their way to the collector. Nobody waits for it: the queue has an end, and what does not
// fit, or is not taken, is counted.

import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { BatchSpanProcessor, ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { after } from '../time/timer.ts';

/** Spans that the collector has taken, and those that were given up. */
export interface SpanCounts {
  exported: number;
  dropped: number;
}

export const NO_SPANS: Readonly<SpanCounts> = { exported: 0, dropped: 0 };

type Export = SpanExporter['export'];

/** Spans that wait or are on their way. Each has 1 to 5 KiB. */
export const WAITING_MAX = 4096;

/**
 * Counts what becomes of spans. `onTrouble` is told of each request that failed. One that has no
 * end is given up after `timeoutMs`: the library's own limit begins anew with each byte that comes,
 * and its spans would hold their places for ever.
 */
export class CountedExporter implements SpanExporter {
  readonly counts: SpanCounts = { exported: 0, dropped: 0 };
  readonly #exporter: Pick<OTLPTraceExporter, 'export' | 'shutdown'>;
  readonly #timeoutMs: number;
  readonly #onTrouble: (why: string, spans: number) => void;

  constructor(
    exporter: Pick<OTLPTraceExporter, 'export' | 'shutdown'>,
    timeoutMs: number,
    onTrouble: (why: string, spans: number) => void,
  ) {
    this.#exporter = exporter;
    this.#timeoutMs = timeoutMs;
    this.#onTrouble = onTrouble;
  }

  export(spans: ReadableSpan[], done: Parameters<Export>[1]): void {
    let isOver = false;
    const over: typeof done = (result) => {
      if (isOver) return;
      isOver = true;
      cancel();
      if (result.error === undefined && result.code === 0) this.counts.exported += spans.length;
      else {
        this.counts.dropped += spans.length;
        this.#onTrouble(result.error?.message ?? 'no reason was given', spans.length);
      }
      done(result);
    };
    const late = new Error(`no end of the answer within ${this.#timeoutMs / 1_000} s`);
    const cancel = after(this.#timeoutMs, () => over({ code: 1, error: late }), { keepsAlive: false });
    this.#exporter.export(spans, over);
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

/** Gives spans to the library's queue while there is room, so that each lost one is counted. */
export class BoundedProcessor implements SpanProcessor {
  readonly #queue: BatchSpanProcessor;
  readonly #counts: SpanCounts;
  #given = 0;
  #refused = 0;

  constructor(queue: BatchSpanProcessor, counts: SpanCounts) {
    this.#queue = queue;
    this.#counts = counts;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const { exported, dropped } = this.#counts;
    const waiting = this.#given - (exported + dropped - this.#refused);
    if (waiting >= WAITING_MAX) {
      this.#refused++;
      this.#counts.dropped++;
      return;
    }
    this.#given++;
    this.#queue.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#queue.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#queue.shutdown();
  }
}
