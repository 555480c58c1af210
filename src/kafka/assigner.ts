// The partition assigner: sticky. Each member tells the leader what it owns, and keeps it where the counts allow, so that
// a rebalance leaves most lanes alone (invariant 4). Also carries the member's hooks to the seam.

import type { Assigner, Cluster, GroupMember, GroupMemberAssignment, GroupState } from 'kafkajs';
import { balance } from '../log/balance.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import type { MemberHooks } from './asking-group.ts';
import { loadKafkaJs } from './seam.ts';

const NAME = 'scorelane-sticky';
const VERSION = 1;

/** What a member tells: `owned` of `generation`. A claim of a later generation wins over an older one. */
interface Claim {
  readonly generation: number;
  readonly owned: readonly TopicPartition[];
}

export const createAssigner =
  (hooks: MemberHooks, claim: () => Claim) =>
  ({ cluster }: { cluster: Cluster }): Assigner & { readonly hooks: MemberHooks } => ({
    name: NAME,
    version: VERSION,
    hooks,
    protocol({ topics }): GroupState {
      const { MemberMetadata } = loadKafkaJs().AssignerProtocol;
      const userData = Buffer.from(JSON.stringify(claim()));
      return { name: NAME, metadata: MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
    async assign({ members, topics }): Promise<GroupMemberAssignment[]> {
      const partitions = topics.flatMap((topic) =>
        cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      return assign(members, partitions);
    },
  });

function assign(
  members: readonly GroupMember[],
  partitions: readonly TopicPartition[],
): GroupMemberAssignment[] {
  const { MemberAssignment } = loadKafkaJs().AssignerProtocol;
  const byKey = new Map(partitions.map((partition) => [keyOf(partition), partition]));
  const claims = members
    .map(({ memberId, memberMetadata }) => ({ memberId, ...readClaim(memberMetadata) }))
    .sort((a, b) => b.generation - a.generation || (a.memberId < b.memberId ? -1 : 1));
  const owned = new Map(claims.map((claim) => [claim.memberId, claim.owned.map(keyOf)]));
  return [...balance(owned, [...byKey.keys()].sort(inOrder))].map(([memberId, keys]) => {
    const assignment: Record<string, number[]> = {};
    for (const key of keys) {
      const { topic, partition } = byKey.get(key) as TopicPartition;
      (assignment[topic] ??= []).push(partition);
    }
    return {
      memberId,
      memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: Buffer.alloc(0) }),
    };
  });
}

const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

function readClaim(metadata: Buffer): Claim {
  const userData = loadKafkaJs().AssignerProtocol.MemberMetadata.decode(metadata)?.userData;
  if (userData === undefined || userData.length === 0) return { generation: -1, owned: [] };
  return JSON.parse(userData.toString('utf8')) as Claim;
}
