// All that the engine can be told and all that it can ask for. Few of each a record batch, none a
// record.

import type { NextOffset } from '../log/offset.ts';
import type { AssignedPartition, CommitOffset, Fetched, LogEnd } from '../log/ports.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';

export interface LaneCommit extends LaneAddress, CommitOffset {}

export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Where it comes from, for one that nobody thought of. */
  readonly stack?: string | undefined;
}

export type Message =
  | { readonly type: 'assigned'; readonly partitions: readonly AssignedPartition[] }
  | { readonly type: 'revoking'; readonly partitions: readonly TopicPartition[]; readonly deadlineMs: number }
  | { readonly type: 'revoked'; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'lost'; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'fetched'; readonly fetched: Fetched }
  /**
   * The source goes on from `position`, because the log does not hold what the lane expects next.
   */
  | {
      readonly type: 'outOfRange';
      readonly partition: TopicPartition;
      readonly position: NextOffset;
      readonly logEnd: number;
    }
  | {
      readonly type: 'scored';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly scored: ScoredMicroBatch;
    }
  | {
      readonly type: 'scoreFailed';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly failure: Failure;
    }
  /** Records of it were refused: these are its outputs without them. */
  | {
      readonly type: 'mended';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly scored: ScoredMicroBatch;
    }
  | { readonly type: 'produced'; readonly lane: LaneAddress; readonly id: number }
  | {
      readonly type: 'produceFailed';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly failure: Failure;
      readonly retriable: boolean;
      /**
       * Some of it goes to a partition that its topic does not have: only what is made again can be
       * produced.
       */
      readonly isAstray?: boolean;
    }
  | { readonly type: 'committed'; readonly commits: readonly LaneCommit[] }
  | { readonly type: 'commitFailed'; readonly commits: readonly LaneCommit[]; readonly failure: Failure }
  /** The lane's state stands at `from`, at the position that was asked for or before it. */
  | { readonly type: 'restored'; readonly lane: LaneAddress; readonly from: NextOffset }
  | { readonly type: 'restoreFailed'; readonly lane: LaneAddress; readonly failure: Failure }
  /** What the log says of its ends when asked. */
  | { readonly type: 'logEnds'; readonly ends: readonly LogEnd[] }
  /**
   * The scorer works, although nothing is done yet: it may be looking for a record that ends its
   * threads.
   */
  | { readonly type: 'scoring' }
  | { readonly type: 'stop'; readonly deadlineMs: number }
  | { readonly type: 'tick' };

export type Effect =
  | { readonly type: 'pause'; readonly partition: TopicPartition }
  | { readonly type: 'resume'; readonly partition: TopicPartition }
  | { readonly type: 'seek'; readonly partition: TopicPartition; readonly position: NextOffset }
  | { readonly type: 'score'; readonly microBatch: MicroBatch; readonly arrivedAtMs: number }
  | {
      readonly type: 'produce';
      readonly lane: LaneAddress;
      readonly id: number;
      readonly batches: readonly RawRecordBatch[];
      /** One past what it answers, and what goes with a commit of that. */
      readonly answered: CommitOffset;
      readonly scored: ScoredMicroBatch;
    }
  | { readonly type: 'commit'; readonly commits: readonly LaneCommit[] }
  /** Build up a state of what is below that position. */
  | { readonly type: 'restore'; readonly lane: LaneAddress; readonly position: NextOffset }
  /** The state is of no use any more: the lane is gone. */
  | { readonly type: 'forget'; readonly lane: LaneAddress }
  /**
   * The answer to `revoking`: `unfinished` names the lanes that did not make it before the
   * deadline.
   */
  | { readonly type: 'settled'; readonly unfinished: readonly string[] }
  /** The answer to `stop`. */
  | { readonly type: 'drained'; readonly unfinished: readonly string[] }
  /** A lane went away with work in flight, or began again: that work will be done again. */
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
  /** The log should be asked where it ends. */
  | { readonly type: 'askLogEnds' }
  /** Lanes with lag showed no sign of life: join the group again. */
  | { readonly type: 'stalled'; readonly lanes: readonly string[] }
  /** That did not help: nothing here can heal it. */
  | { readonly type: 'gaveUp'; readonly lanes: readonly string[] };
