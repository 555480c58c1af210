// Tracing of the process: one exporter for all jobs. OpenTelemetry is loaded only where tracing is
// on: it has nine packages.

import { Seldom } from '../base/seldom.ts';
import type { Logger } from '../telemetry/log.ts';
import { BoundedProcessor, CountedExporter, type SpanCounts, WAITING_MAX } from './export.ts';
import { GivenIds, MicroBatchSpans, type TracedJob } from './micro-batch-spans.ts';

export interface TracingSettings {
  /** `none`: no tracing. */
  readonly endpoint: string;
  readonly headers?: string | undefined;
  readonly serviceName: string;
}

/** For one request with spans, with its repetitions. */
const EXPORT_TIMEOUT_MS = 5_000;
/** Later than that limit: where the library has ended a request itself, it says why. */
const GIVEN_UP_AFTER_MS = 7_000;
const EXPORT_EVERY_MS = 2_000;
const EXPORT_SPANS_MAX = 512;

export class Tracing {
  readonly counts: SpanCounts;
  readonly spansOf: (job: TracedJob) => MicroBatchSpans;
  /** Sends what waits. It may take as long as a request may: do not wait for it without a limit. */
  readonly stop: () => Promise<void>;

  private constructor(counts: SpanCounts, spansOf: Tracing['spansOf'], stop: Tracing['stop']) {
    this.counts = counts;
    this.spansOf = spansOf;
    this.stop = stop;
  }

  /** Resolves to null for the endpoint `none`. Whether the endpoint answers is not asked. */
  static async start(settings: TracingSettings, version: string, logger: Logger): Promise<Tracing | null> {
    const { endpoint, headers, serviceName } = settings;
    if (endpoint === 'none') return null;
    const [
      { TracerProvider, BatchSpanProcessor, AlwaysOnSampler, RandomIdGenerator },
      { OTLPTraceExporter },
      resources,
    ] = await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
    ]);
    const seldom = new Seldom();
    const exporter = new CountedExporter(
      new OTLPTraceExporter({
        url: endpoint,
        timeoutMillis: EXPORT_TIMEOUT_MS,
        ...(headers === undefined ? {} : { headers: headersOf(headers) }),
      }),
      GIVEN_UP_AFTER_MS,
      (why, spans) => {
        const repeats = seldom.repeatsOf(why);
        if (repeats === null) return;
        const again = repeats === 0 ? '' : ` (${repeats} requests more before this one)`;
        logger.warn(`tracing: ${endpoint} did not take ${spans} spans${again}: ${why}; nothing else is lost`);
      },
    );
    const queue = new BatchSpanProcessor({
      exporter,
      maxQueueSize: WAITING_MAX,
      maxExportBatchSize: EXPORT_SPANS_MAX,
      scheduledDelayMillis: EXPORT_EVERY_MS,
      exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    });
    const ids = new GivenIds(new RandomIdGenerator());
    const provider = new TracerProvider({
      resource: resources
        .defaultResource()
        .merge(resources.resourceFromAttributes({ 'service.name': serviceName, 'service.version': version })),
      // What is traced was decided before: each span that is made is sent.
      sampler: new AlwaysOnSampler(),
      idGenerator: ids,
      spanProcessors: [new BoundedProcessor(queue, exporter.counts)],
    });
    const tracer = provider.getTracer('scorelane', version);
    const nowMs = (): number => performance.timeOrigin + performance.now();
    logger.info(`spans go to ${endpoint}`);
    return new Tracing(
      exporter.counts,
      (job) => new MicroBatchSpans(tracer, ids, job, nowMs),
      () => provider.shutdown(),
    );
  }
}

/** `name=value,name=value` with values percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((each): [string, string][] => {
    const equalsAt = each.indexOf('=');
    if (equalsAt <= 0) return [];
    return [[each.slice(0, equalsAt).trim(), decodeURIComponent(each.slice(equalsAt + 1).trim())]];
  });
  return Object.fromEntries(pairs);
}
