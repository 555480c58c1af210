// The partition assigner: sticky. Each member tells the leader what it reads and owns. It keeps its
// partitions where the counts allow it, so that a rebalance leaves most lanes alone (invariant 4).
// Also carries the member's hooks to the seam.

import type { Assigner, Cluster, GroupMember, GroupMemberAssignment, GroupState, Logger } from 'kafkajs';
import { balanceByTopic } from '../log/balance.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import { isDenied, isUnknownTopic } from './errors.ts';
import type { MemberHooks } from './hooked-group.ts';
import { loadKafkaJs } from './seam.ts';

export const ASSIGNER = 'scorelane-sticky';
const VERSION = 1;

/**
 * What a member tells the leader: it owned these partitions in that generation. A claim of a later
 * generation wins over an older one.
 */
interface Claim {
  readonly generation: number;
  readonly owned: readonly TopicPartition[];
}

/** The parts of kafkajs's cluster used here that its types do not show. */
interface AskedCluster extends Pick<Cluster, 'findTopicPartitionMetadata'> {
  getNodeIds(): string[];
  findBroker(node: { readonly nodeId: string }): Promise<{
    metadata(topics: readonly string[]): Promise<{
      readonly topicMetadata: readonly {
        readonly partitionMetadata: readonly { readonly partitionId: number }[];
      }[];
    }>;
  }>;
}

export const createAssigner =
  (hooks: MemberHooks, claim: () => Claim) =>
  ({
    cluster,
    logger,
  }: {
    cluster: Cluster;
    logger: Logger;
  }): Assigner & { readonly hooks: MemberHooks } => ({
    name: ASSIGNER,
    version: VERSION,
    hooks,
    protocol({ topics }): GroupState {
      const { MemberMetadata } = loadKafkaJs().AssignerProtocol;
      const userData = Buffer.from(JSON.stringify(claim()));
      return { name: ASSIGNER, metadata: MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
    async assign({ members, topics: own }): Promise<GroupMemberAssignment[]> {
      const asked = cluster as unknown as AskedCluster;
      const partitions = new Map<string, readonly number[]>();
      const wanted = members.map((member) => ({ ...readMember(member), memberId: member.memberId }));
      for (const topic of new Set(wanted.flatMap(({ topics }) => topics))) {
        const found = own.includes(topic)
          ? cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)
          : await partitionsOfOthers(asked, topic, logger);
        partitions.set(topic, found);
      }
      return assignmentOf(wanted, partitions);
    },
  });

/**
 * The partitions of a topic that only other members read. The topic is asked for alone, and not
 * added to the topics of this member: if it is deleted, or if we may not see it, that is no trouble
 * of this member.
 */
async function partitionsOfOthers(cluster: AskedCluster, topic: string, logger: Logger): Promise<number[]> {
  const [nodeId] = cluster.getNodeIds();
  if (nodeId === undefined) throw new Error(`no broker to ask for the partitions of ${topic}`);
  const broker = await cluster.findBroker({ nodeId });
  try {
    const { topicMetadata } = await broker.metadata([topic]);
    return topicMetadata.flatMap(({ partitionMetadata }) =>
      partitionMetadata.map(({ partitionId }) => partitionId),
    );
  } catch (error) {
    if (!isUnknownTopic(error) && !isDenied(error)) throw error;
    const message = `another member of the group reads ${topic}, of which this one, the leader, cannot see the partitions`;
    logger.warn(
      `${message}: ${(error as Error).message}; nobody gets them. Jobs should have groups of their own`,
    );
    return [];
  }
}

interface Wanted extends Claim {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** Who gets what, for members that may read different topics. */
export function assignmentOf(
  members: readonly Wanted[],
  partitions: ReadonlyMap<string, readonly number[]>,
): GroupMemberAssignment[] {
  const { MemberAssignment } = loadKafkaJs().AssignerProtocol;
  const all = [...partitions].flatMap(([topic, numbers]) =>
    numbers.toSorted((a, b) => a - b).map((partition) => ({ topic, partition })),
  );
  const byKey = new Map(all.map((partition) => [keyOf(partition), partition]));
  const inTurn = members.toSorted(
    (a, b) => b.generation - a.generation || (a.memberId < b.memberId ? -1 : 1),
  );
  const memberships = new Map(
    inTurn.map(({ memberId, topics, owned }) => [memberId, { topics, owned: owned.map(keyOf) }]),
  );
  const keys = new Map(
    [...Map.groupBy(all, ({ topic }) => topic)].map(([topic, own]) => [topic, own.map(keyOf)]),
  );
  return [...balanceByTopic(memberships, keys)].map(([memberId, given]) => {
    const assignment: Record<string, number[]> = {};
    for (const key of given) {
      const { topic, partition } = byKey.get(key) as TopicPartition;
      (assignment[topic] ??= []).push(partition);
    }
    return {
      memberId,
      memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) }),
    };
  });
}

function readMember({ memberMetadata }: GroupMember): Claim & { readonly topics: readonly string[] } {
  const decoded = loadKafkaJs().AssignerProtocol.MemberMetadata.decode(memberMetadata);
  const { topics = [], userData } = decoded ?? {};
  const claim =
    userData === undefined || userData.length === 0
      ? { generation: -1, owned: [] }
      : (JSON.parse(userData.toString('utf8')) as Claim);
  return { ...claim, topics };
}
