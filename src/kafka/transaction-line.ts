// What is known about the transactions of one partition of the input: what is committed, what was
// tried, and what has its answer. This tells whether an attempt must still be made.

import type { Producer } from 'kafkajs';
import { SerialQueue } from '../base/serial-queue.ts';
import type { CommitOffset, ResultBatch } from '../log/ports.ts';
import type { IncarnatePartition } from './hooked-group.ts';

export const NOTHING_COMMITTED = -1;

/** What one transaction commits: these answers, with this offset. */
export interface Attempt extends CommitOffset {
  readonly batches: readonly ResultBatch[];
}

/** One partition of the input, with its transactional id. */
export interface Line extends IncarnatePartition {
  producer: Producer | undefined;
  /**
   * The committed offset, as far as we know. Only the owner of the transactional id can change it.
   * It may be past the end of the log.
   */
  committed: number;
  /** The attempt whose transaction has an unknown end: it may be committed or not. */
  attempt: Attempt | undefined;
  /**
   * An attempt that had an unknown end, and had succeeded, as was found out later. It is not made
   * again.
   */
  settled: Attempt | undefined;
  /**
   * The offset that our own transactions have reached. It does not count what was committed before
   * the partition was ours.
   */
  answered: number;
  metadata: string | undefined;
  /** The next sequence number for each output partition. */
  readonly sequences: Map<string, number>;
  /** One transaction at a time. */
  readonly queue: SerialQueue;
}

export const newLine = (partition: IncarnatePartition): Line => ({
  ...partition,
  producer: undefined,
  committed: NOTHING_COMMITTED,
  attempt: undefined,
  settled: undefined,
  answered: NOTHING_COMMITTED,
  metadata: undefined,
  sequences: new Map(),
  queue: new SerialQueue(),
});

/** The transaction of this attempt is committed. */
export function succeeded(line: Line, { next, metadata }: Attempt): void {
  line.attempt = undefined;
  line.committed = next;
  line.answered = next;
  line.metadata = metadata;
}

/**
 * Whether nothing is left to do. A committed offset does not prove it: the offset may be older, and
 * past the end of a log that was cut or made again. Answers are done when an attempt with them has
 * succeeded. An offset alone is done when it was committed with its text.
 */
export const isAnswered = (line: Line, { batches, next, metadata }: Attempt): boolean =>
  batches.length > 0
    ? line.settled?.batches === batches
    : line.answered > next || (line.answered === next && line.metadata === metadata);
