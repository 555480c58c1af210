// What a worker tells of a micro-batch that is to be seen in a trace. Most micro-batches are not.

/** A record whose own trace is recorded: its answer is the next step of that trace. */
export interface TracedRecord {
  readonly offset: number;
  /** Of the record's `traceparent`. */
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: number;
  /** Its `tracestate`; null where it has none. */
  readonly state: string | null;
  /** The span of the answer. A result has it in its own `traceparent`. */
  readonly spanId: string;
  /** Why the answer is a dead letter; null for a result. */
  readonly code: string | null;
}

/** A micro-batch, or a half of one that was halved, with the span that it gets. */
export interface TracedMicroBatch {
  readonly traceId: string;
  readonly spanId: string;
  /** Of its offsets, the first one that was asked for, and the one behind the last. */
  readonly first: number;
  readonly until: number;
  readonly results: number;
  readonly deadLetters: number;
  readonly skipped: number;
  /** When the worker began, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** As in the outcome. */
  readonly decodeMs: number;
  readonly predictMs: number;
  readonly encodeMs: number;
  readonly records: readonly TracedRecord[];
}

export const NOT_TRACED: readonly TracedMicroBatch[] = [];

/** Which records and micro-batches are traced. */
export interface TracingSetup {
  /** The share of micro-batches that are traced though none of their records asks for it. */
  readonly sampling: number;
  /** At most so many records a second are traced by one worker. */
  readonly recordsPerSecond: number;
}
