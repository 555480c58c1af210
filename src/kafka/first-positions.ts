// Where a lane begins: at the committed offset, if that belongs to this topic and not to an older
// topic of the same name. Otherwise where the group begins; that offset is committed too, so that
// the next start need not decide again. All functions are pure: the broker is asked before.

import { type CommitMetadata, writeCommitMetadata } from '../log/commit-metadata.ts';
import { startingAt } from '../log/offset.ts';
import { placedBy } from '../log/placed-by.ts';
import type { AssignedPartition } from '../log/ports.ts';
import type { TopicId } from './flexible.ts';

/** What a group has committed for one partition. */
export interface CommittedPlace {
  readonly partition: number;
  /** Null for nothing. */
  readonly offset: number | null;
  /** Null where the text is not ours. */
  readonly metadata: CommitMetadata | null;
}

export interface TopicNow {
  readonly topic: string;
  /** Null where the brokers tell no id. */
  readonly topicId: TopicId;
  /** The id of the topic when we last looked; null if we never looked. */
  readonly topicIdBefore: TopicId;
  readonly partitionCount: number;
  /** For all partitions of the topic. */
  readonly committed: readonly CommittedPlace[];
  readonly reset: 'earliest' | 'latest';
}

const isOther = (left: TopicId, right: TopicId): boolean => left !== null && right !== null && left !== right;

/** Whether something was committed for an older topic of the same name. */
export const hasOlder = ({ topicId, committed }: Pick<TopicNow, 'topicId' | 'committed'>): boolean =>
  committed.some(({ metadata }) => isOther(metadata?.topicId ?? null, topicId));

/**
 * The committed place; or the `start` or `end` of the log where there is no offset to go on from.
 */
export function placeOf(now: TopicNow, partition: number): CommittedPlace | 'start' | 'end' {
  const own = now.committed.find((each) => each.partition === partition);
  const isUsable =
    own !== undefined && own.offset !== null && !isOther(own.metadata?.topicId ?? null, now.topicId);
  if (isUsable) return own;
  // A topic or partition that is younger than the group is read from its start, whatever the
  // setting for new groups says.
  const isNew =
    isOther(now.topicIdBefore, now.topicId) || hasOlder(now) || partition >= partitionsAtFirst(now);
  return now.reset === 'earliest' || isNew ? 'start' : 'end';
}

/** How many partitions there were when the group began with the topic. */
const partitionsAtFirst = ({ committed }: TopicNow): number =>
  Math.min(...committed.map(({ metadata }) => metadata?.partitions ?? Number.POSITIVE_INFINITY));

/** All known partition counts of this topic: members of the group may know different counts. */
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
