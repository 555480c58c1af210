// Which broker leads a partition, from kafkajs's metadata: looked up once instead of searched for
// each time.

export interface PartitionLeader {
  readonly partitionId: number;
  readonly leader?: number;
}

type Leaders = ReadonlyMap<number, number | undefined>;

const known = new WeakMap<readonly PartitionLeader[], Leaders>();

/** kafkajs keeps the same list for a topic until it has asked for the metadata again. */
export function leadersIn(partitions: readonly PartitionLeader[]): Leaders {
  let found = known.get(partitions);
  if (found === undefined) {
    found = new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]));
    known.set(partitions, found);
  }
  return found;
}
