// What is scored as one task.

import type { NextOffset } from '../log/offset.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import type { Trial } from './trial.ts';

export type Trigger = 'full' | 'linger' | 'drain';

/** Record batches of one lane. */
export interface InputBatches extends TopicPartition {
  /** As the partition was assigned with. */
  readonly incarnation?: string;
  readonly batches: readonly RawRecordBatch[];
  /**
   * The version of the model that scores all of them, however often that is tried; unset: the one
   * that the scorer began with.
   */
  readonly deployment?: string | undefined;
}

/** Record batches of one lane that are scored as one task. */
export interface MicroBatch extends InputBatches {
  readonly id: number;
  readonly epoch: number;
  /** Records below are not wanted: they were scored before. */
  readonly first: NextOffset;
  readonly next: NextOffset;
  /**
   * Records below have their answer: they are only put into the lane's state. For a model that
   * keeps one.
   */
  readonly scoreFrom?: NextOffset;
  /** Why it was closed. */
  readonly trigger: Trigger;
  /** Versions that are tried on its rows; none unless given. */
  readonly trials?: readonly Trial[];
  /**
   * A version, by the id of its deployment, that scores the same rows and whose outcome is wanted
   * too. It reads records as the version that scores does, and has its own writer.
   */
  readonly beside?: string | undefined;
}

/**
 * For another try after a thread was lost: it may have been a version that is tried, which costs no
 * record.
 */
export const untried = ({ trials: _, ...microBatch }: MicroBatch): MicroBatch => microBatch;
