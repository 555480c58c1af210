// The ports behind which micro-batches are scored. The pools implement them, and the simulator's.

import type { NextOffset } from '../log/offset.ts';
import type { CommitOffset, Refusal, ResultBatch } from '../log/ports.ts';
import type { LaneAddress } from './lane-address.ts';
import type { InputBatches, MicroBatch } from './micro-batch.ts';
import type { Outcome } from './outcome.ts';

/** Scores micro-batches, several at once, finishing in any order. */
export interface Scorer {
  /**
   * Scores one task: a micro-batch of each of these lanes. One promise for each, in their order.
   * Every record from `first` up to `next` becomes exactly one result or one dead letter. A promise
   * rejects only when the record batches of its own lane cannot be opened (damaged, too large):
   * never because of another lane (invariant 7) or of one record, never because a thread died.
   */
  scoreTogether(microBatches: readonly MicroBatch[]): readonly Promise<Outcome>[];
  /**
   * The outputs of a micro-batch of these record batches without the results that were refused:
   * each is a dead letter instead, in input order. Outputs that stay are the same objects. Rejects
   * when a dead letter was refused for good, or a thread was lost.
   */
  mend(input: InputBatches, outcome: Outcome, refusals: readonly Refusal[]): Promise<Outcome>;
  /** Nobody reads the bytes of these outputs any more. */
  release(outputs: readonly ResultBatch[]): void;
}

/**
 * A scorer that keeps a state for each lane: a function of the records below the offset at which it
 * stands.
 */
export interface StatefulScorer extends Scorer {
  /**
   * Builds up a state of what is below `position`, and resolves to where it stands: there or
   * before. From there on the records are given to `score`, those below the position with
   * `scoreFrom`. `score` rejects with the code `SCORELANE_STATE_LOST` when the state is there no
   * more: then it has to be built up again.
   */
  restore(lane: LaneAddress, position: NextOffset): Promise<NextOffset>;
  /** That ownership has ended. */
  forget(lane: LaneAddress): void;
  /** A restart would begin at these offsets, not before. */
  committed(offsets: readonly CommitOffset[]): void;
}

/** Knows how many partitions the topics have. */
export interface Counter {
  /** The input has so many now. `isRemade`: it is another topic by the same name. */
  inputHas(partitionCount: number, isRemade: boolean): void;
  /**
   * Asks again. Resolves to whether these go to a partition that their topic does not have; false
   * where nobody can tell.
   */
  lacks(outputs: readonly ResultBatch[]): Promise<boolean>;
}
