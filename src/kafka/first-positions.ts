// Where a lane begins: at the committed offset, if that is one of this topic and not of one that
// had its name before; else where the group begins, which is committed too, so that the next start
// need not decide again. Pure: the broker is asked before.

import { type CommitMetadata, writeCommitMetadata } from '../log/commit-metadata.ts';
import { startingAt } from '../log/offset.ts';
import { placedBy } from '../log/placed-by.ts';
import type { AssignedPartition } from '../log/ports.ts';
import type { TopicId } from './flexible.ts';

/** What a group has committed of one partition. */
export interface CommittedPlace {
  readonly partition: number;
  /** Null for nothing. */
  readonly offset: number | null;
  /** Null where it is not ours. */
  readonly metadata: CommitMetadata | null;
}

export interface TopicNow {
  readonly topic: string;
  /** Null where the brokers tell none. */
  readonly topicId: TopicId;
  /** The id that it had when it was last looked at, if it was. */
  readonly topicIdBefore: TopicId;
  readonly partitionCount: number;
  /** Of all partitions of the topic. */
  readonly committed: readonly CommittedPlace[];
  readonly reset: 'earliest' | 'latest';
}

const isOther = (left: TopicId, right: TopicId): boolean => left !== null && right !== null && left !== right;

/** Whether something was committed of a topic that had the name before. */
export const hasOlder = ({ topicId, committed }: Pick<TopicNow, 'topicId' | 'committed'>): boolean =>
  committed.some(({ metadata }) => isOther(metadata?.topicId ?? null, topicId));

/** `start` or `end` of the log for what has no offset to go on from. */
export function placeOf(now: TopicNow, partition: number): CommittedPlace | 'start' | 'end' {
  const own = now.committed.find((each) => each.partition === partition);
  const isUsable =
    own !== undefined && own.offset !== null && !isOther(own.metadata?.topicId ?? null, now.topicId);
  if (isUsable) return own;
  // What came into being while the group was there is the group's from its start on, whatever is
  // wanted of a new group.
  const isNew =
    isOther(now.topicIdBefore, now.topicId) || hasOlder(now) || partition >= partitionsAtFirst(now);
  return now.reset === 'earliest' || isNew ? 'start' : 'end';
}

/** How many partitions there were when the group began with the topic. */
const partitionsAtFirst = ({ committed }: TopicNow): number =>
  Math.min(...committed.map(({ metadata }) => metadata?.partitions ?? Number.POSITIVE_INFINITY));

/**
 * All partition counts that are known of this topic: members of the group may have learnt of
 * different ones.
 */
const countsSince = ({ topicId, partitionCount, committed }: TopicNow): number[] => [
  partitionCount,
  ...committed.flatMap(({ metadata }) =>
    metadata === null || isOther(metadata.topicId, topicId)
      ? []
      : [metadata.partitions, ...metadata.placedBy],
  ),
];

/** `begins`: the offset of the place. */
export function firstPosition(
  now: TopicNow,
  partition: number,
  place: CommittedPlace | 'start' | 'end',
  begins: number,
): AssignedPartition {
  const { topic, topicId, topicIdBefore, partitionCount, committed } = now;
  const known = typeof place === 'object' ? place.metadata : null;
  const counts = placedBy(partition, countsSince(now));
  const metadata = writeCommitMetadata({
    topicId,
    begun: typeof place === 'object' ? (known?.begun ?? null) : begins,
    partitions: known?.partitions ?? partitionCount,
    placedBy: counts,
    namedFrom: known !== null && known.topicId !== null ? known.namedFrom : begins,
  });
  const older = [
    committed.find((each) => each.partition === partition)?.metadata?.topicId ?? null,
    topicIdBefore,
  ];
  const isSaid = known !== null && known.topicId === topicId && known.placedBy.join() === counts.join();
  const replaces = older.find((id) => isOther(id, topicId)) ?? null;
  return {
    topic,
    partition,
    position: startingAt(begins),
    metadata,
    partitionCount,
    placedBy: counts,
    ...(isSaid ? {} : { uncommitted: true as const }),
    ...(topicId === null ? {} : { incarnation: topicId }),
    ...(replaces === null ? {} : { replaces }),
  };
}
