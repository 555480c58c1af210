// The name of one partition, and its key for maps.

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A map key and a printable name. Topic names hold no `/`, so each partition has its own. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
