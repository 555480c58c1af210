// Headers of records that belong to traces, as the producers of people write them. They are made
// once: which of them a record gets follows from its number.

import { formatTraceparent, SAMPLED, TRACEPARENT } from '../../src/answers/trace-context.ts';
import { encodeHeaders, NO_HEADERS } from '../../src/log/record-batch-writer.ts';

/** Shares of all records. */
export interface TracesPlan {
  /** Those that belong to a trace. */
  readonly traced: number;
  /** And those of a trace that is sampled. */
  readonly sampled: number;
}

const TRACES = 10_000;
/** It has no factor in common with the traces: neighbours of a sampled record are not. */
const STEP = 6_007;

export function tracedHeaders({ traced, sampled }: TracesPlan): (number: number) => Uint8Array {
  const all = Array.from({ length: TRACES }, (_, index) => {
    const place = ((index * STEP) % TRACES) / TRACES;
    if (place >= traced) return NO_HEADERS;
    const flags = place < sampled ? SAMPLED : 0;
    const ids = {
      traceId: index.toString(16).padStart(32, 'b'),
      spanId: index.toString(16).padStart(16, 'c'),
    };
    return encodeHeaders([{ key: TRACEPARENT, value: Buffer.from(formatTraceparent({ ...ids, flags })) }]);
  });
  return (number) => all[number % TRACES] as Uint8Array;
}
