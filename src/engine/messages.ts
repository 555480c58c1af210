// All messages that the engine can be told, and all effects that it can ask for. There are a few
// for each record batch, and none for a single record.

import type { NextOffset } from '../log/offset.ts';
import type { AssignedPartition, CommitOffset, Fetched, LogEnd } from '../log/ports.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { Trial } from '../scoring/trial.ts';
import type { TunableLimits } from './limits.ts';

export interface LaneCommit extends LaneAddress, CommitOffset {}

export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Where the error comes from, if it is one that we did not expect. */
  readonly stack?: string | undefined;
  /** Why a record was refused. It may quote the record: for the log alone. */
  readonly refusal?: string;
}

/** What arrives while records flow. What arrives at one moment is told in one message. */
export type Arrival =
  | { readonly type: 'fetched'; readonly fetched: Fetched }
  | {
      readonly type: 'scored';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly outcome: Outcome;
    }
  | {
      readonly type: 'scoreFailed';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly failure: Failure;
    }
  | { readonly type: 'produced'; readonly lane: LaneAddress; readonly id: number };

export type Message =
  | Arrival
  | { readonly type: 'together'; readonly arrivals: readonly Arrival[] }
  | { readonly type: 'assigned'; readonly partitions: readonly AssignedPartition[] }
  | { readonly type: 'revoking'; readonly partitions: readonly TopicPartition[]; readonly deadlineMs: number }
  | { readonly type: 'revoked'; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'lost'; readonly partitions: readonly TopicPartition[] }
  /**
   * The source goes on from `position`, because the log does not hold the offset that the lane
   * expects.
   */
  | {
      readonly type: 'outOfRange';
      readonly partition: TopicPartition;
      readonly position: NextOffset;
      readonly logEnd: number;
    }
  /** Some of its results were refused: `outcome` has dead letters in their place. */
  | {
      readonly type: 'mended';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly outcome: Outcome;
    }
  | {
      readonly type: 'produceFailed';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly failure: Failure;
      readonly retriable: boolean;
      /**
       * Some outputs go to a partition that their topic does not have: the micro-batch must be
       * scored again before it can be produced.
       */
      readonly isAstray?: boolean;
    }
  | { readonly type: 'committed'; readonly commits: readonly LaneCommit[] }
  | { readonly type: 'commitFailed'; readonly commits: readonly LaneCommit[]; readonly failure: Failure }
  /**
   * The lane's state holds all records below `from`: the position that was asked for, or an earlier
   * one.
   */
  | { readonly type: 'restored'; readonly lane: LaneAddress; readonly from: NextOffset }
  | { readonly type: 'restoreFailed'; readonly lane: LaneAddress; readonly failure: Failure }
  /** The lane has no state any more, though nothing of it was in flight. */
  | { readonly type: 'stateLost'; readonly lane: LaneAddress }
  /** The ends of the log, as the log tells them when it is asked. */
  | { readonly type: 'logEnds'; readonly ends: readonly LogEnd[] }
  /**
   * The scorer works, although nothing is finished yet: it may search for a record that ends its
   * threads.
   */
  | { readonly type: 'scoring' }
  /** The CPU time that the process has used since this was last told. */
  | { readonly type: 'used'; readonly cpuMs: number }
  /**
   * Somebody pauses the job, or lets it go on. While it is paused, what is in flight is finished
   * and nothing more is begun.
   */
  | { readonly type: 'hold'; readonly isHeld: boolean }
  /** Somebody has changed the configuration. */
  | { readonly type: 'retune'; readonly limits: TunableLimits }
  /**
   * The scorer has these versions of the model: what is opened from now on is scored by the one,
   * and the others are tried on it.
   */
  | { readonly type: 'serve'; readonly deployment: string; readonly trials: readonly Trial[] }
  | { readonly type: 'stop'; readonly deadlineMs: number }
  | { readonly type: 'tick' };

/** A micro-batch on its way to the scorer. */
export interface Opened {
  readonly microBatch: MicroBatch;
  /** When the oldest of its records came from the log. */
  readonly arrivedAtMs: number;
}

export type Effect =
  | { readonly type: 'pause'; readonly partition: TopicPartition }
  | { readonly type: 'resume'; readonly partition: TopicPartition }
  /** Begin no fetch for so long. */
  | { readonly type: 'rest'; readonly ms: number }
  | { readonly type: 'seek'; readonly partition: TopicPartition; readonly position: NextOffset }
  /** Score these as one task. There are several only where lanes have no state. */
  | { readonly type: 'score'; readonly task: readonly Opened[] }
  | {
      readonly type: 'produce';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly batches: readonly RawRecordBatch[];
      /** Which has scored them. */
      readonly deployment?: string | undefined;
      /** The offset that follows the last answered record, with the metadata for its commit. */
      readonly answered: CommitOffset;
      readonly outcome: Outcome;
    }
  | { readonly type: 'commit'; readonly commits: readonly LaneCommit[] }
  /** Build up a state from the records below that position. */
  | { readonly type: 'restore'; readonly lane: LaneAddress; readonly position: NextOffset }
  /** The state is of no use any more: the lane is gone. */
  | { readonly type: 'forget'; readonly lane: LaneAddress }
  /**
   * The answer to `revoking`. `unfinished`: the lanes that had not finished before the deadline.
   */
  | { readonly type: 'settled'; readonly unfinished: readonly string[] }
  /** The answer to `stop`. */
  | { readonly type: 'drained'; readonly unfinished: readonly string[] }
  /** A lane ended or began again with work in flight: that work will be done again. */
  | {
      readonly type: 'abandoned';
      readonly lane: LaneAddress;
      readonly microBatches: number;
      readonly why: string;
    }
  /** A lane cannot advance, or can again. */
  | {
      readonly type: 'trouble';
      readonly lane: LaneAddress;
      readonly failure: Failure;
      readonly attempts: number;
    }
  | { readonly type: 'recovered'; readonly lane: LaneAddress }
  /** Ask the log where it ends. */
  | { readonly type: 'askLogEnds' }
  /** Lanes with lag show no sign of life: join the group again. */
  | { readonly type: 'stalled'; readonly lanes: readonly string[] }
  /** To join again did not help: the engine cannot repair it. */
  | { readonly type: 'gaveUp'; readonly lanes: readonly string[] };
