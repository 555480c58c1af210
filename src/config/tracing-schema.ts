// The keys under `tracing`: where spans go, and how many there are. What a span holds:
// docs/operating.md, "Traces".

import { z } from 'zod';
import { wholeNumber } from './units.ts';

const ENDPOINT = /^(?:none|https?:\/\/[^/?#@\s]+(?:[/?][^\s@]*)?)$/i;
/** `name=value,name=value`, as OTEL_EXPORTER_OTLP_HEADERS has them. */
function isHeaders(text: string): boolean {
  try {
    decodeURIComponent(text);
  } catch {
    return false;
  }
  return text.split(',').every((pair) => /^\s*[\w!#$%&'*+.^`|~-]+\s*=/.test(pair));
}

const SHARE = 'expected a share from 0 to 1';

export const tracing = z.strictObject({
  endpoint: z
    .string()
    .regex(ENDPOINT, 'expected an address such as http://localhost:4318/v1/traces, or none')
    .default('none')
    .describe(
      'Where spans are sent, by OTLP over HTTP, as protobuf. Traces of records are then continued in their results. If no source ' +
        'has this key, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT counts, or OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces. none: no tracing.',
    ),
  headers: z
    .string()
    .refine(isHeaders, 'expected name=value,name=value, with values percent-encoded')
    .meta({ writeOnly: true })
    .optional()
    .describe(
      'Headers of the requests with spans: name=value,name=value, values percent-encoded; better given as SCORELANE_TRACING_HEADERS. ' +
        'OTEL_EXPORTER_OTLP_HEADERS counts too.',
    ),
  sampling: z
    .number(SHARE)
    .min(0, SHARE)
    .max(1, SHARE)
    .default(0.01)
    .describe('The share of micro-batches that get a span although none of their records asks for it.'),
  recordsPerSecond: wholeNumber(0, 100_000)
    .default(100)
    .describe(
      'Records whose trace is sampled get a span of their own, at most so many a second for each job. Others keep the trace as it came.',
    ),
  serviceName: z
    .string()
    .min(1, 'expected the name of a service')
    .default('scorelane')
    .describe('service.name of all spans. If no source has this key, OTEL_SERVICE_NAME counts.'),
});
