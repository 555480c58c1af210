// An in-process partitioned log with consumer groups: the embedded default, and the world of the
// simulator. Like a broker it keeps record batches as bytes. It assigns partitions cooperatively: a
// member gives up a partition only after it has settled.

import { viewOf, writeInt64 } from '../base/int64.ts';
import { balanceByTopic } from '../log/balance.ts';
import { type NextOffset, startingAt } from '../log/offset.ts';
import { type CommitOffset, MissingTopicError, type ResultBatch } from '../log/ports.ts';
import { AT, type RawRecordBatch, readHeader } from '../log/record-batch.ts';
import { openRecordBatch } from '../log/record-batch-reader.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';

export class MemoryPartition {
  readonly batches: RawRecordBatch[] = [];
  #bytes = 0;
  #logEnd: NextOffset = startingAt(0);
  readonly #bytesMax: number;
  readonly #appended = new Set<() => void>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get logStart(): NextOffset {
    const first = this.batches[0];
    return first === undefined ? this.#logEnd : startingAt(first.header.baseOffset);
  }

  get logEnd(): NextOffset {
    return this.#logEnd;
  }

  /**
   * Appends a copy, and writes its offsets in, as a broker does. When there are too many bytes, the
   * oldest batches are deleted.
   */
  append(batch: Uint8Array): void {
    const bytes = new Uint8Array(batch);
    writeInt64(viewOf(bytes), AT.baseOffset, this.#logEnd);
    const header = readHeader(bytes);
    this.batches.push({ header, bytes });
    this.#logEnd = header.next;
    this.#bytes += bytes.byteLength;
    while (this.#bytes > this.#bytesMax && this.batches.length > 1) {
      this.#bytes -= this.batches.shift()?.bytes.byteLength ?? 0;
    }
    for (const listener of this.#appended) listener();
  }

  /** The record batches from `position` on: up to `bytesMax`, but at least one. */
  read(position: NextOffset, bytesMax: number): RawRecordBatch[] {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.batches[middle] as RawRecordBatch).header.next <= position) low = middle + 1;
      else high = middle;
    }
    let end = low;
    let bytes = 0;
    while (end < this.batches.length) {
      bytes += (this.batches[end] as RawRecordBatch).bytes.byteLength;
      if (end > low && bytes > bytesMax) break;
      end++;
    }
    return this.batches.slice(low, end);
  }

  /**
   * The first offset whose record has that time or a later one; the end of the log if there is
   * none.
   */
  offsetAt(timestampMs: number): NextOffset {
    for (const batch of this.batches) {
      if (batch.header.maxTimestamp < timestampMs) continue;
      const records = openRecordBatch(batch, Number.POSITIVE_INFINITY);
      while (records.next()) if (records.timestampMs >= timestampMs) return startingAt(records.offset);
    }
    return this.#logEnd;
  }

  onAppended(listener: () => void): () => void {
    this.#appended.add(listener);
    return () => this.#appended.delete(listener);
  }
}

/** What a group needs of a member. */
export interface Member {
  readonly topics: readonly string[];
  /** Asks the member to give up these partitions. Resolves when it has done so. */
  giveUp(partitions: readonly TopicPartition[]): Promise<void>;
  assign(partitions: readonly TopicPartition[]): void;
}

interface Topic {
  /** A new one each time the topic is made. */
  readonly incarnation: string;
  readonly partitions: MemoryPartition[];
}

interface Group {
  /** Offsets of deleted topics are kept, as in Kafka. */
  readonly committed: Map<string, CommitOffset>;
  readonly owners: Map<string, Member>;
  members: Member[];
  balancing: Promise<void>;
}

export class MemoryBroker {
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, Group>();
  readonly #onMade = new Set<(topic: string) => void>();
  #made = 0;

  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  createTopic(topic: string, partitionCount: number, bytesMaxPerPartition = Number.POSITIVE_INFINITY): void {
    if (this.#topics.has(topic)) return;
    const partitions = Array.from(
      { length: partitionCount },
      () => new MemoryPartition(bytesMaxPerPartition),
    );
    this.#topics.set(topic, { incarnation: `made-${++this.#made}`, partitions });
    for (const listener of this.#onMade) listener(topic);
  }

  /** Adds partitions to a topic. Members of groups find them with the next rebalance. */
  addPartitions(topic: string, count: number): void {
    const partitions = this.#topics.get(topic)?.partitions;
    for (let more = 0; more < count; more++) partitions?.push(new MemoryPartition(Number.POSITIVE_INFINITY));
  }

  incarnation(topic: string): string | undefined {
    return this.#topics.get(topic)?.incarnation;
  }

  onMade(listener: (topic: string) => void): () => void {
    this.#onMade.add(listener);
    return () => this.#onMade.delete(listener);
  }

  partitions(topic: string): readonly MemoryPartition[] {
    const found = this.#topics.get(topic);
    if (found === undefined)
      throw new MissingTopicError(`topic "${topic}" does not exist in the embedded log`);
    return found.partitions;
  }

  partition({ topic, partition }: TopicPartition): MemoryPartition {
    const found = this.partitions(topic)[partition];
    if (found === undefined) throw new MissingTopicError(`topic "${topic}" has no partition ${partition}`);
    return found;
  }

  append(batch: ResultBatch): void {
    this.partition(batch).append(batch.bytes);
  }

  /** The committed offset of this topic; offsets of older topics of the same name do not count. */
  committed(groupId: string, partition: TopicPartition): NextOffset | undefined {
    const found = this.#group(groupId).committed.get(keyOf(partition));
    return this.committedOf(groupId, partition) === this.incarnation(partition.topic)
      ? found?.next
      : undefined;
  }

  /**
   * The incarnation for which something was committed, if it was. A commit that names none counts
   * for the topic of now.
   */
  committedOf(groupId: string, partition: TopicPartition): string | undefined {
    const found = this.#group(groupId).committed.get(keyOf(partition));
    return found === undefined ? undefined : (found.metadata ?? this.incarnation(partition.topic));
  }

  commit(groupId: string, offset: CommitOffset): void {
    this.#group(groupId).committed.set(keyOf(offset), offset);
  }

  owns(groupId: string, member: Member, partition: TopicPartition): boolean {
    return this.#group(groupId).owners.get(keyOf(partition)) === member;
  }

  join(groupId: string, member: Member): Promise<void> {
    this.#group(groupId).members.push(member);
    return this.#rebalance(groupId);
  }

  /** The member leaves; its partitions go to others. */
  leave(groupId: string, member: Member): Promise<void> {
    const group = this.#group(groupId);
    group.members = group.members.filter((other) => other !== member);
    for (const [key, owner] of group.owners) if (owner === member) group.owners.delete(key);
    return this.#rebalance(groupId);
  }

  /**
   * Takes partitions away without a question, as a broker does when a session expires. Then calls
   * `tell`.
   */
  expel(groupId: string, partitions: readonly TopicPartition[], tell: () => void): Promise<void> {
    const { owners } = this.#group(groupId);
    for (const partition of partitions) owners.delete(keyOf(partition));
    tell();
    return this.#rebalance(groupId);
  }

  #group(groupId: string): Group {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = { committed: new Map(), owners: new Map(), members: [], balancing: Promise.resolve() };
      this.#groups.set(groupId, group);
    }
    return group;
  }

  /**
   * One rebalance after the other. After each, the partitions are shared evenly, with as few moves
   * as possible.
   */
  #rebalance(groupId: string): Promise<void> {
    const group = this.#group(groupId);
    group.balancing = group.balancing.then(() => this.#balance(group));
    return group.balancing;
  }

  async #balance(group: Group): Promise<void> {
    const { owners } = group;
    if (group.members.length === 0) return;
    const topics = [...new Set(group.members.flatMap((member) => member.topics))];
    const partitions = topics.flatMap((topic) =>
      this.partitions(topic).map((_, partition) => ({ topic, partition })),
    );
    const all = new Map(partitions.map((each) => [keyOf(each), each]));
    const owned = new Map(
      group.members.map((member) => [member, [...all.keys()].filter((key) => owners.get(key) === member)]),
    );
    const target = balanceByTopic(
      new Map(group.members.map((member) => [member, { ...member, owned: owned.get(member) ?? [] }])),
      new Map(
        [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, own]) => [topic, own.map(keyOf)]),
      ),
    );
    const named = (keys: readonly string[]): TopicPartition[] =>
      keys.map((key) => all.get(key) as TopicPartition);
    for (const [member, keys] of owned) {
      const surplus = keys.filter((key) => !target.get(member)?.includes(key));
      if (surplus.length === 0) continue;
      await member.giveUp(named(surplus));
      for (const key of surplus) if (owners.get(key) === member) owners.delete(key);
    }
    for (const [member, keys] of target) {
      if (!group.members.includes(member)) continue;
      const fresh = keys.filter((key) => !owners.has(key));
      for (const key of fresh) owners.set(key, member);
      member.assign(named(fresh));
    }
  }
}

/** Where a group begins that has never committed. */
export const resetPosition = (partition: MemoryPartition, reset: 'earliest' | 'latest'): NextOffset =>
  reset === 'earliest' ? partition.logStart : partition.logEnd;
