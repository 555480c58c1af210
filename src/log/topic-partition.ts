// The name of one partition, and the one way to make a map key of it.

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A map key and a printable name. Topic names hold no `/`, so two partitions never share one. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
