// What is known of one partition of the input in transactions: what is committed, what was tried,
// and what has its answer. From it follows whether an attempt still has to be made.

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
   * What is committed, as far as we know. Only who owns the transactional id can change it. It may
   * lie past the log's end.
   */
  committed: number;
  /**
   * What was to be committed when the end of a transaction was not known; it has none else to wait
   * for.
   */
  attempt: Attempt | undefined;
  /** An attempt that had succeeded, as was found out later: it is not made again. */
  settled: Attempt | undefined;
  /**
   * What our own transactions have answered: never what was committed before the partition was
   * ours.
   */
  answered: number;
  metadata: string | undefined;
  /** By output partition. */
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
 * Whether there is nothing left to do. That the offset is committed says nothing: it may have been
 * before, past the end of a log that was cut or made again. Answers are done when an attempt with
 * them had succeeded; an offset alone, when it was committed with its text.
 */
export const isAnswered = (line: Line, { batches, next, metadata }: Attempt): boolean =>
  batches.length > 0
    ? line.settled?.batches === batches
    : line.answered > next || (line.answered === next && line.metadata === metadata);
