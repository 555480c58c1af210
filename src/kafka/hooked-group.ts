// kafkajs's group member with hooks: it waits for the lanes before it rejoins, and asks where to go
// on when the log does not hold the wanted offset. It tells the positions before anything is
// fetched. The seam puts it in the place of kafkajs's own class.

import type { NextOffset } from '../log/offset.ts';
import type { AssignedPartition, OutOfRange } from '../log/ports.ts';
import type { TopicPartition } from '../log/topic-partition.ts';
import { every } from '../time/timer.ts';
import { beginnings, logOffsets } from './beginnings.ts';
import type { TopicId } from './flexible.ts';
import type { ConsumerGroup, OffsetManager } from './kafkajs-group.ts';
import { type FetchHooks, type FetchingGroup, OwnFetch } from './own-fetch.ts';
import { UnstableOffsetError } from './stable-offsets.ts';
import { asStaticMember, type Coordinator } from './static-member.ts';

const BEATS_A_SESSION = 3;

/** Of each member. kafkajs sets it while its own constructor runs, so no field can hold it. */
const coordinators = new WeakMap<object, Coordinator | null>();

/** The id of the topic, where the broker tells it: a topic that was made again has another id. */
export interface IncarnatePartition extends TopicPartition {
  readonly incarnation: TopicId;
}

/**
 * What the group member asks and tells. The partition assigner carries the hooks through kafkajs.
 */
export interface MemberHooks extends FetchHooks {
  /** The name of a static member. */
  readonly instanceId?: string | undefined;
  /** A rejoin is about to begin. It waits until this has resolved. */
  joining(group: ConsumerGroup): Promise<void>;
  /**
   * The member has its assignment of a new generation; `consecutive` when it missed none in
   * between.
   */
  joined(group: ConsumerGroup, consecutive: boolean): void;
  /** The id that the topic had when its partitions were last assigned. */
  topicIdBefore(topic: string): TopicId;
  /**
   * Called before the committed offsets of that assignment are asked for. It is called again if a
   * topic was made again meanwhile.
   */
  assigning(partitions: readonly IncarnatePartition[]): Promise<void>;
  /** The committed offsets of that assignment are known. Called before anything is fetched. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /**
   * Undefined where a fetch may begin now. Otherwise resolves when a rest, or a piece of it, is
   * over.
   */
  rested(): Promise<void> | undefined;
  /**
   * The log does not hold the wanted offset. Returns where to go on, or null to pause the
   * partition.
   */
  outOfRange(event: Omit<OutOfRange, 'resumedAt'>, group: ConsumerGroup): NextOffset | null;
}

interface GroupOptions {
  readonly assigners: readonly { readonly hooks?: MemberHooks }[];
}

export type GroupClass = new (
  options: GroupOptions,
) => FetchingGroup & {
  joinAndSync(): Promise<void>;
  leave(): Promise<void>;
  memberId: string | null;
  fetch(nodeId: string): Promise<unknown[]>;
  recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void>;
};

/**
 * A group member that asks its hooks before it rejoins, and tells them positions before it fetches.
 */
export const hookedGroup = (Group: GroupClass): GroupClass =>
  class HookedGroup extends Group {
    readonly #hooks: MemberHooks | undefined;
    #joining: Promise<void> | undefined;
    #announcing: Promise<void> | undefined;
    #announced = true;
    /** A join was begun and has not succeeded yet. */
    #joinIsDue = false;
    readonly #ownFetch: OwnFetch | undefined;

    constructor(options: GroupOptions) {
      super(options);
      const hooks = options.assigners[0]?.hooks;
      this.#hooks = hooks;
      if (hooks !== undefined) this.#ownFetch = new OwnFetch(this, hooks);
    }

    get coordinator(): Coordinator | null {
      return coordinators.get(this) ?? null;
    }

    /** kafkajs sets it before each join. */
    set coordinator(found: Coordinator | null) {
      const id = found === null ? undefined : this.#hooks?.instanceId;
      coordinators.set(this, found === null || id === undefined ? found : asStaticMember(found, id));
    }

    /** A static member does not leave: its partitions wait for it until its session ends. */
    override async leave(): Promise<void> {
      if (this.#hooks?.instanceId === undefined) return super.leave();
      this.memberId = null;
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

    /** It returns nothing: then all that kafkajs does is to send its heartbeat when it is due. */
    override async fetch(nodeId: string): Promise<unknown[]> {
      await this.#hooks?.rested();
      // A long rest goes on after the heartbeat.
      if (this.#hooks?.rested() !== undefined) return [];
      // After a failed join kafkajs goes on fetching. While the broker still knows the member,
      // nothing would begin another join, and the lanes, which have settled for it, would wait for
      // ever.
      if (this.#joinIsDue) await this.joinAndSync();
      try {
        if (this.#announced && this.#isRemade()) await this.joinAndSync();
        if (!this.#announced) {
          this.#announcing ??= this.#whileBeating().finally(() => {
            this.#announcing = undefined;
          });
          await this.#announcing;
        }
      } catch (error) {
        // The offsets are asked for again with the next fetch. Meanwhile kafkajs sends heartbeats.
        if (!(error instanceof UnstableOffsetError)) await super.recoverFromFetch(error);
        return [];
      }
      if (this.#ownFetch === undefined) return super.fetch(nodeId);
      await this.#ownFetch.from(Number(nodeId));
      return [];
    }

    /**
     * The wait for committed offsets may be longer than the session timeout, so heartbeats are sent
     * meanwhile.
     */
    async #whileBeating(): Promise<void> {
      const cancel = every(Math.ceil(this.sessionTimeout / BEATS_A_SESSION), () => {
        // If the membership has a fault, kafkajs learns of it with its own next heartbeat.
        this.heartbeat({ interval: 0 }).catch(() => {});
      });
      try {
        await this.#announce();
      } finally {
        cancel();
      }
    }

    async #announce(): Promise<void> {
      const manager = this.offsetManager;
      if (this.#announced || manager === null) return;
      const found = await this.#found(manager);
      if (found === null) return;
      // Otherwise kafkajs would find the positions itself, and it does not know that a topic can be
      // made again.
      for (const { topic, partition, position } of found)
        (manager.committedOffsets()[topic] ??= {})[partition] = String(position);
      this.cluster.topicIds = new Map(found.map(({ topic, incarnation }) => [topic, incarnation ?? null]));
      this.#announced = true;
      this.#hooks?.assigned(found);
    }

    /**
     * Where each assigned partition begins, asked after `assigning` has resolved. Null if the
     * assignment is over.
     */
    async #found(manager: OffsetManager): Promise<readonly AssignedPartition[] | null> {
      for (;;) {
        const ids = new Map(this.assigned().map(({ topic }) => [topic, this.#topicId(topic)]));
        const partitions = this.assigned().flatMap(({ topic, partitions: numbers }) =>
          numbers.map((partition) => ({ topic, partition, incarnation: ids.get(topic) ?? null })),
        );
        await this.#hooks?.assigning(partitions);
        const found: AssignedPartition[] = [];
        for (const { topic, partitions: numbers } of this.assigned()) {
          const topicIdBefore = this.#hooks?.topicIdBefore(topic) ?? null;
          found.push(...(await beginnings(this, manager, { topic, numbers, topicIdBefore })));
        }
        if (manager !== this.offsetManager) return null;
        if (found.every(({ topic, incarnation }) => (incarnation ?? null) === ids.get(topic))) return found;
      }
    }

    #topicId(topic: string): TopicId {
      return this.cluster.findTopicPartitionMetadata(topic)[0]?.topicId ?? null;
    }

    /**
     * Whether another topic has that name now. kafkajs refreshes the metadata from time to time.
     */
    #isRemade(): boolean {
      return [...this.cluster.topicIds].some(([topic, id]) => {
        const now = this.#topicId(topic);
        return id !== null && now !== null && now !== id;
      });
    }

    override async recoverFromOffsetOutOfRange(error: TopicPartition): Promise<void> {
      const { topic, partition } = error;
      if (this.#hooks === undefined || this.offsetManager === null)
        return super.recoverFromOffsetOutOfRange(error);
      await this.cluster.refreshMetadata();
      if (this.#isRemade()) return this.joinAndSync();
      const [logStart = 0, logEnd = 0] = await Promise.all(
        ([true, false] as const).map(async (fromBeginning) =>
          (await logOffsets(this, topic, [partition], fromBeginning)).get(partition),
        ),
      );
      const position = Number(this.offsetManager.nextOffset(topic, partition).toString());
      const next = this.#hooks.outOfRange({ topic, partition, position, logStart, logEnd }, this);
      if (next === null) this.pause([{ topic, partitions: [partition] }]);
      else this.offsetManager.resolveOffset({ topic, partition, offset: String(next - 1) });
    }
  };
