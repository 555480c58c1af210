// Asks the broker where lanes begin: which offsets the group has committed for the topic, and where
// the logs start and end.

import { readCommitMetadata } from '../log/commit-metadata.ts';
import type { AssignedPartition } from '../log/ports.ts';
import { type CommittedPlace, firstPosition, hasOlder, placeOf, type TopicNow } from './first-positions.ts';
import type { TopicId } from './flexible.ts';
import type { ConsumerGroup, OffsetManager } from './kafkajs-group.ts';
import type { AskedPartition } from './stable-offsets.ts';

/**
 * kafkajs does not ask for a partition without a leader. For kafkajs this error is a reason to
 * refresh the metadata and try again.
 */
class LeaderlessError extends Error {
  readonly type = 'LEADER_NOT_AVAILABLE';
  constructor(topic: string, partition: number) {
    super(`${topic}/${partition} has no leader that could say where its log starts or ends`);
  }
}

interface Wanted {
  readonly topic: string;
  /** Partitions. */
  readonly numbers: readonly number[];
  readonly topicIdBefore: TopicId;
}

export async function beginnings(
  group: ConsumerGroup,
  manager: OffsetManager,
  wanted: Wanted,
): Promise<AssignedPartition[]> {
  const { topic, numbers } = wanted;
  let now = await look(group, manager, wanted);
  if (hasOlder(now)) {
    // Perhaps our metadata are out of date.
    await group.cluster.refreshMetadata();
    now = await look(group, manager, wanted);
  }
  const places = numbers.map((partition) => ({ partition, place: placeOf(now, partition) }));
  const offsetsAt = async (where: 'start' | 'end'): Promise<ReadonlyMap<number, number>> => {
    const there = places.filter(({ place }) => place === where).map(({ partition }) => partition);
    return there.length === 0 ? new Map() : logOffsets(group, topic, there, where === 'start');
  };
  const ends = { start: await offsetsAt('start'), end: await offsetsAt('end') };
  return places.map(({ partition, place }) => {
    const begins = typeof place === 'object' ? place.offset : ends[place].get(partition);
    if (begins === undefined || begins === null) throw new LeaderlessError(topic, partition);
    return firstPosition(now, partition, place, begins);
  });
}

async function look(
  { cluster, topicConfigurations }: ConsumerGroup,
  manager: OffsetManager,
  { topic, numbers, topicIdBefore }: Wanted,
): Promise<TopicNow> {
  const { groupId } = manager;
  const partitions = cluster.findTopicPartitionMetadata(topic);
  const coordinator = await manager.getCoordinator();
  const committed = async (asked: readonly AskedPartition[]): Promise<CommittedPlace[]> => {
    if (asked.length === 0) return [];
    const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions: asked }] });
    return responses.flatMap((each) =>
      each.partitions.map(({ partition, offset, metadata }) => ({
        partition,
        offset: Number(offset) < 0 ? null : Number(offset),
        metadata: readCommitMetadata(metadata),
      })),
    );
  };
  // For the partitions of other members only the metadata count, so there is no wait for their
  // transactions.
  const known = partitions.map(({ partitionId }) => partitionId);
  const own = known.filter((partition) => numbers.includes(partition)).map((partition) => ({ partition }));
  const others = known
    .filter((partition) => !numbers.includes(partition))
    .map((partition) => ({ partition, asItIs: true as const }));
  return {
    topic,
    topicId: partitions[0]?.topicId ?? null,
    topicIdBefore,
    partitionCount: partitions.length,
    committed: [...(await committed(own)), ...(await committed(others))],
    reset: topicConfigurations[topic]?.fromBeginning === true ? 'earliest' : 'latest',
  };
}

export async function logOffsets(
  { cluster }: ConsumerGroup,
  topic: string,
  numbers: readonly number[],
  fromBeginning: boolean,
): Promise<ReadonlyMap<number, number>> {
  const partitions = numbers.map((partition) => ({ partition }));
  const [found] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
  return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
}
