// The ports behind which a log stands, and the values that flow through them. Two adapters
// implement them, kafka/ and memory/; test/log/conformance.ts holds both to the contracts written
// here.

import { type ErrorCode, ScorelaneError } from '../base/errors.ts';
import type { NextOffset } from './offset.ts';
import type { RawRecordBatch } from './record-batch.ts';
import { keyOf, type TopicPartition } from './topic-partition.ts';

/**
 * A record batch as fetched. A skipped one (control, or of an aborted transaction) counts only as
 * an offset range.
 */
export interface FetchedBatch extends RawRecordBatch {
  readonly skip: boolean;
}

export interface Fetched extends TopicPartition {
  /** The position that was asked for: the first batch may start below it. */
  readonly from: NextOffset;
  /** In offset order, at least one. */
  readonly batches: readonly FetchedBatch[];
  /** One past the last offset a reader may see, as the broker knew it then. */
  readonly highWatermark: number;
}

export interface AssignedPartition extends TopicPartition {
  /**
   * Where the source will read from: the committed offset, or what `auto.offset.reset` says where
   * there is none.
   */
  readonly position: NextOffset;
  /**
   * Names the topic among all that ever had its name: one that was deleted and made again is
   * another log, and offsets of one mean nothing in the other. Absent where the log does not tell.
   */
  readonly incarnation?: string;
  /** That of which something was owned or committed before, where it was another. */
  readonly replaces?: string;
  /**
   * The position is not committed yet: commit it, although nothing was answered, so that the next
   * start begins there.
   */
  readonly uncommitted?: true;
  /** Goes with every commit of the partition. */
  readonly metadata?: string;
  /** How many partitions the topic has now. */
  readonly partitionCount?: number;
  /**
   * And by which counts, of all that it has had, records may have been placed in this one: see
   * `placedBy`.
   */
  readonly placedBy?: readonly number[];
}

export interface CommitOffset extends TopicPartition {
  readonly next: NextOffset;
  /** That of the assignment. */
  readonly metadata?: string;
}

/** A committed offset that the log no longer holds. */
export interface OutOfRange extends TopicPartition {
  readonly position: number;
  readonly logStart: number;
  readonly logEnd: number;
  /** Where reading goes on. */
  readonly resumedAt: NextOffset;
}

/**
 * What a source tells its owner. Calls come one at a time, in the order in which things happened.
 */
export interface SourceListener {
  /**
   * Ownership of these partitions may end. The source waits, within its own deadline, until the
   * promise settles: finish and commit what is in flight. Partitions that come back in `assigned`
   * were never given up.
   */
  revoking(partitions: readonly TopicPartition[]): Promise<void>;
  /** These are another's now. What was to be committed has been. */
  revoked(partitions: readonly TopicPartition[]): void;
  /**
   * These were taken without asking (session expired, fenced): another may own them already. Commit
   * nothing.
   */
  lost(partitions: readonly TopicPartition[]): void;
  /**
   * Everything owned from now on, kept partitions included, each with the position the source would
   * read from.
   */
  assigned(partitions: readonly AssignedPartition[]): void;
  fetched(fetched: Fetched): void;
  /**
   * The source went on from another offset than the committed one, because the configuration allows
   * it.
   */
  outOfRange(event: OutOfRange): void;
  /** The source cannot go on by itself. */
  failed(error: Error): void;
}

/** Reads partitions as one member of a consumer group. */
export interface Source {
  /** Joins the group and begins to call the listener. Returns when the connection stands. */
  start(listener: SourceListener): Promise<void>;
  /** Stops fetching one partition; what was being fetched may still arrive. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** Reads on from another position. */
  seek(partition: TopicPartition, position: NextOffset): void;
  /**
   * Commits for the generation that is current at the call. Rejects with `FencedError` when that
   * has ended.
   */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
  /**
   * Asks for the first offset whose record is of that time or later: where the log ends if there is
   * none, where it starts for -Infinity.
   */
  offsetAt(partition: TopicPartition, timestampMs: number): Promise<number>;
  /**
   * Asks the log where it ends, by another way than that by which records come. As all questions:
   * `FencedError` once it was stopped.
   */
  logEnds(): Promise<readonly LogEnd[]>;
  /**
   * Leaves the group and joins it again, for a source that has stopped bringing anything. All that
   * is owned is lost first. Tries until it has succeeded, or the source is stopped; what no trying
   * mends, `failed` hears. Never rejects.
   */
  rejoin(): Promise<void>;
  /** Leaves the group. Commits nothing. */
  stop(): Promise<void>;
}

/** An encoded RecordBatch for one output partition. */
export interface ResultBatch extends TopicPartition {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly recordCount: number;
}

/** Appends record batches to topics. */
export interface Sink {
  start(): Promise<void>;
  /**
   * Resolves to the partition count of a topic; rejects with `MissingTopicError` when it was not
   * there for `patienceMs`: unless given, as long as the log takes to make a new topic known.
   */
  partitionCount(topic: string, patienceMs?: number): Promise<number>;
  /**
   * Appends the batches; those of one partition in the order given, after those of earlier calls.
   * Resolves when all replicas in sync have all of them. A rejection means that some may be
   * missing: call again with the same batches. `answered` says that these are all the answers to a
   * partition of the input below that offset that were not produced yet: a sink with transactions
   * commits the offset together with them. Topics are written one after the other, in the order of
   * their first batches: of a later one nothing is appended while something of an earlier one is
   * missing. Rejects with `SinkError`, of which `RefusedRecordsError` and `PartitionGoneError` need
   * more than to call again. Resolves to those batches whose bytes nobody reads any more: they may
   * be used again.
   */
  produce(batches: readonly ResultBatch[], answered?: CommitOffset): Promise<readonly ResultBatch[]>;
  stop(): Promise<void>;
}

/** The generation in which something was to be committed has ended. */
export class FencedError extends ScorelaneError {
  readonly code = 'SCORELANE_FENCED';
}

export class MissingTopicError extends ScorelaneError {
  readonly code = 'SCORELANE_MISSING_TOPIC';
}

/** Records were not acknowledged. */
export class SinkError extends ScorelaneError {
  readonly code: ErrorCode = 'SCORELANE_SINK';
  /**
   * Trying again soon may help (broker away); otherwise someone has to do something first (no such
   * topic, too large).
   */
  readonly retriable: boolean;
  constructor(message: string, options: { readonly retriable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retriable = options.retriable;
  }
}

/** Of a record batch: records that its topic will not take, whatever is tried. */
export interface Refusal {
  readonly batch: ResultBatch;
  /** Records below this index are appended: only the others are missing. */
  readonly appended: number;
  /** By their place in the batch. None of them is below `appended`. */
  readonly records: readonly { readonly index: number; readonly message: string }[];
  /** It is their timestamps that the topic does not take. */
  readonly ofTime: boolean;
}

/**
 * There are records that their topic will never take: too large, a time outside of its bounds, no
 * key where it needs one.
 */
export class RefusedRecordsError extends SinkError {
  override readonly code: ErrorCode = 'SCORELANE_RECORDS_REFUSED';
  readonly refusals: readonly Refusal[];
  constructor(refusals: readonly Refusal[], cause?: unknown) {
    super(refusals.map(wordsOf).join('; '), { retriable: false, cause });
    this.refusals = refusals;
  }
}

const wordsOf = ({ batch, records }: Refusal): string => {
  const [first] = records;
  const more = records.length > 1 ? `, and ${records.length - 1} others` : '';
  return `${keyOf(batch)} refuses record ${first?.index} of a batch of ${batch.recordCount}${more}: ${first?.message}`;
};

/**
 * The topic has no such partition, or is not there at all: it may have been made again since its
 * partitions were counted.
 */
export class PartitionGoneError extends SinkError {
  override readonly code: ErrorCode = 'SCORELANE_PARTITION_GONE';
}

/** Where a partition ends for a reader, as the log says when asked. */
export interface LogEnd extends TopicPartition {
  readonly logEnd: number;
}
