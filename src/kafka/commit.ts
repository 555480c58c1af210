// Commits offsets with a text beside each, for a group without members. kafkajs's own way makes a
// member for it, and has no place for the text.

import type { Kafka } from 'kafkajs';
import { type BareCluster, clusterOf } from './cluster-of.ts';

interface CommittingCluster extends BareCluster {
  findGroupCoordinator(of: { readonly groupId: string }): Promise<{
    offsetCommit(of: object): Promise<unknown>;
  }>;
}

export interface CommittedPosition {
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** What a commit of a group without members says in place of a member and its generation. */
const NO_MEMBER = { memberId: '', groupGenerationId: -1 };

/** Rejects with the errors of kafkajs, also where the group has members. */
export async function commitPositions(
  kafka: Kafka,
  groupId: string,
  topic: string,
  positions: readonly CommittedPosition[],
): Promise<void> {
  const cluster = clusterOf<CommittingCluster>(kafka);
  await cluster.connect();
  try {
    await cluster.addMultipleTargetTopics([topic]);
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    const partitions = positions.map((position) => ({ ...position, offset: String(position.offset) }));
    await coordinator.offsetCommit({ ...NO_MEMBER, groupId, topics: [{ topic, partitions }] });
  } finally {
    await cluster.disconnect();
  }
}
