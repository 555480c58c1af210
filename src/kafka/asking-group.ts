// kafkajs's group member, made to ask: its lanes before it rejoins, and its owner where to go on when the log does not hold
// the wanted offset. It tells positions before anything is fetched. The seam puts it in the place of kafkajs's own class.

import type { NextOffset } from '../log/offset.ts';
import type { AssignedPartition, OutOfRange } from '../log/ports.ts';
import type { TopicPartition } from '../log/topic-partition.ts';

/** The parts of kafkajs's ConsumerGroup used here. */
export interface ConsumerGroup {
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly offsetManager: OffsetManager | null;
  readonly cluster: {
    fetchTopicsOffset(
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number }[];
        fromBeginning: boolean;
      }[],
    ): Promise<readonly { partitions: readonly { partition: number; offset: string }[] }[]>;
  };
  assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  pause(partitions: readonly { topic: string; partitions: readonly number[] }[]): void;
  resume(partitions: readonly { topic: string; partitions: readonly number[] }[]): void;
  seek(partition: { topic: string; partition: number; offset: string }): void;
}

interface OffsetManager {
  resolveOffsets(): Promise<void>;
  nextOffset(topic: string, partition: number): { toString(): string };
  resolveOffset(offset: { topic: string; partition: number; offset: string }): void;
  commitOffsets(offsets: {
    topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[];
  }): Promise<void>;
}

/** What a group member of ours is asked and told. kafkajs carries it on the partition assigner. */
export interface MemberHooks {
  /** A rejoin is about to begin. It waits for this. */
  joining(group: ConsumerGroup): Promise<void>;
  /** The member has its assignment of a new generation; `consecutive` when it missed none in between. */
  joined(group: ConsumerGroup, consecutive: boolean): void;
  /** Before the committed offsets of that assignment are asked for. */
  assigning(partitions: readonly TopicPartition[]): Promise<void>;
  /** The committed offsets of that assignment are known. Comes before anything of it is fetched. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /** The log does not hold the wanted offset. Returns where to go on, or null to stay. */
  outOfRange(event: Omit<OutOfRange, 'resumedAt'>, group: ConsumerGroup): NextOffset | null;
}

interface GroupOptions {
  readonly assigners: readonly { readonly hooks?: MemberHooks }[];
}

export type GroupClass = new (
  options: GroupOptions,
) => ConsumerGroup & {
  joinAndSync(): Promise<void>;
  fetch(nodeId: number): Promise<unknown[]>;
  recoverFromFetch(error: unknown): Promise<void>;
  recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void>;
};

/** A group member that asks its hooks before it rejoins, and tells them positions before it fetches. */
export const askingGroup = (Group: GroupClass): GroupClass =>
  class AskingGroup extends Group {
    readonly #hooks: MemberHooks | undefined;
    #joining: Promise<void> | undefined;
    #announcing: Promise<void> | undefined;
    #announced = true;
    /** Set while a join was begun and has not succeeded. */
    #joinIsDue = false;

    constructor(options: GroupOptions) {
      super(options);
      this.#hooks = options.assigners[0]?.hooks;
    }

    override joinAndSync(): Promise<void> {
      // Several fetchers may want to rejoin at once: they share one.
      this.#joining ??= this.#join().finally(() => {
        this.#joining = undefined;
      });
      return this.#joining;
    }

    async #join(): Promise<void> {
      this.#joinIsDue = true;
      await this.#hooks?.joining(this);
      const before = this.generationId;
      await super.joinAndSync();
      this.#joinIsDue = false;
      this.#announced = this.#hooks === undefined;
      this.#hooks?.joined(this, before !== null && this.generationId === before + 1);
    }

    override async fetch(nodeId: number): Promise<unknown[]> {
      // After a join that failed kafkajs fetches on, and as long as the broker still knows the member nothing would ever
      // ask for another: the lanes, which have settled for it, would wait for ever.
      if (this.#joinIsDue) await this.joinAndSync();
      try {
        this.#announcing ??= this.#announce().finally(() => {
          this.#announcing = undefined;
        });
        await this.#announcing;
      } catch (error) {
        await super.recoverFromFetch(error);
        return [];
      }
      return super.fetch(nodeId);
    }

    async #announce(): Promise<void> {
      const manager = this.offsetManager;
      if (this.#announced || manager === null) return;
      const partitions = this.assigned().flatMap(({ topic, partitions: numbers }) =>
        numbers.map((partition) => ({ topic, partition })),
      );
      await this.#hooks?.assigning(partitions);
      await manager.resolveOffsets();
      if (manager !== this.offsetManager) return;
      this.#announced = true;
      this.#hooks?.assigned(
        partitions.map(({ topic, partition }) => ({
          topic,
          partition,
          position: Number(manager.nextOffset(topic, partition).toString()) as NextOffset,
        })),
      );
    }

    override async recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void> {
      const { topic, partition } = error;
      if (this.#hooks === undefined || this.offsetManager === null)
        return super.recoverFromOffsetOutOfRange(error);
      const [logStart, logEnd] = await Promise.all([
        this.#logOffset(error, true),
        this.#logOffset(error, false),
      ]);
      const position = Number(this.offsetManager.nextOffset(topic, partition).toString());
      const next = this.#hooks.outOfRange({ topic, partition, position, logStart, logEnd }, this);
      if (next === null) this.pause([{ topic, partitions: [partition] }]);
      else this.offsetManager.resolveOffset({ topic, partition, offset: String(next - 1) });
    }

    async #logOffset({ topic, partition }: TopicPartition, fromBeginning: boolean): Promise<number> {
      const [found] = await this.cluster.fetchTopicsOffset([
        { topic, partitions: [{ partition }], fromBeginning },
      ]);
      return Number(found?.partitions[0]?.offset);
    }
  };
