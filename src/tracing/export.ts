// Spans on their way to the collector. Nobody waits for it: the queue has an end, and what does not
// fit, or is not taken, is counted.

import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { BatchSpanProcessor, ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Spans that the collector has taken, and those that were given up. */
export interface SpanCounts {
  exported: number;
  dropped: number;
}

export const NO_SPANS: Readonly<SpanCounts> = { exported: 0, dropped: 0 };

type Export = SpanExporter['export'];

/** Spans that wait or are on their way. Each has 1 to 5 KiB. */
export const WAITING_MAX = 4096;

/** Counts what becomes of spans. `onTrouble` is told of each request that failed. */
export class CountedExporter implements SpanExporter {
  readonly counts: SpanCounts = { exported: 0, dropped: 0 };
  readonly #exporter: Pick<OTLPTraceExporter, 'export' | 'shutdown'>;
  readonly #onTrouble: (why: string, spans: number) => void;

  constructor(
    exporter: Pick<OTLPTraceExporter, 'export' | 'shutdown'>,
    onTrouble: (why: string, spans: number) => void,
  ) {
    this.#exporter = exporter;
    this.#onTrouble = onTrouble;
  }

  export(spans: ReadableSpan[], done: Parameters<Export>[1]): void {
    this.#exporter.export(spans, (result) => {
      if (result.error === undefined && result.code === 0) this.counts.exported += spans.length;
      else {
        this.counts.dropped += spans.length;
        this.#onTrouble(result.error?.message ?? 'no reason was given', spans.length);
      }
      done(result);
    });
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
