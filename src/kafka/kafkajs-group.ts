// The types of kafkajs's group member and of its parts, as far as they are used here.

import type { TopicId } from './flexible.ts';
import type { FetchedOffsets, OffsetFetchArguments } from './stable-offsets.ts';
import type { PartitionWithId } from './topic-ids.ts';

export interface ConsumerGroup {
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly offsetManager: OffsetManager | null;
  /** Milliseconds. */
  readonly sessionTimeout: number;
  readonly topicConfigurations: Readonly<Record<string, { readonly fromBeginning?: boolean }>>;
  readonly cluster: {
    topicIds: ReadonlyMap<string, TopicId>;
    findTopicPartitionMetadata(topic: string): readonly PartitionWithId[];
    refreshMetadata(): Promise<void>;
    fetchTopicsOffset(
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number }[];
        fromBeginning: boolean;
      }[],
    ): Promise<readonly { partitions: readonly { partition: number; offset: string }[] }[]>;
  };
  /** Sends a heartbeat if the last one is at least `interval` milliseconds ago. */
  heartbeat(options: { readonly interval: number }): Promise<void>;
  assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  pause(partitions: readonly { topic: string; partitions: readonly number[] }[]): void;
  resume(partitions: readonly { topic: string; partitions: readonly number[] }[]): void;
  seek(partition: { topic: string; partition: number; offset: string }): void;
}

export interface OffsetManager {
  readonly groupId: string;
  /** The assigned partitions, by topic. */
  readonly memberAssignment: Readonly<Record<string, readonly number[]>>;
  getCoordinator(): Promise<{
    offsetFetch(of: OffsetFetchArguments): Promise<FetchedOffsets>;
  }>;
  /** By topic and partition: where reading begins if nothing was read yet. */
  committedOffsets(): Record<string, Record<number, string>>;
  nextOffset(topic: string, partition: number): { toString(): string };
  resolveOffset(offset: { topic: string; partition: number; offset: string }): void;
  commitOffsets(offsets: {
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; offset: string; metadata: string | null }[];
    }[];
  }): Promise<void>;
}
