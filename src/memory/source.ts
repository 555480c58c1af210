// The memory log behind the Source port: one member of one consumer group.

import type { NextOffset } from '../log/offset.ts';
import { placedBy } from '../log/placed-by.ts';
import {
  type AssignedPartition,
  type CommitOffset,
  FencedError,
  type Fetched,
  type FetchedBatch,
  type LogEnd,
  type Source,
  type SourceListener,
} from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import { after, type Cancel } from '../time/timer.ts';
import { type Member, type MemoryBroker, resetPosition } from './broker.ts';

export interface MemorySourceOptions {
  readonly groupId: string;
  readonly topic: string;
  readonly reset: 'earliest' | 'latest';
  readonly fetchBytesMax: number;
}

interface Reading extends TopicPartition {
  readonly incarnation: string;
  position: NextOffset;
  paused: boolean;
  stopListening: () => void;
}

export class MemorySource implements Source {
  readonly #broker: MemoryBroker;
  readonly #options: MemorySourceOptions;
  readonly #reading = new Map<string, Reading>();
  readonly #member: Member;
  #listener: SourceListener | undefined;
  #fetchScheduled = false;
  /** Undefined where no rest is under way. */
  #endOfRest: Cancel | undefined;
  #stopListening = (): void => {};

  constructor(broker: MemoryBroker, options: MemorySourceOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#member = {
      topics: [options.topic],
      giveUp: (partitions) => this.#giveUp(partitions),
      assign: (partitions) => this.#assign(partitions),
    };
  }

  async start(listener: SourceListener): Promise<void> {
    this.#broker.partitions(this.#options.topic);
    this.#listener = listener;
    this.#stopListening = this.#broker.onMade((topic) => this.#made(topic));
    await this.#broker.join(this.#options.groupId, this.#member);
  }

  pause(partition: TopicPartition): void {
    const reading = this.#reading.get(keyOf(partition));
    if (reading !== undefined) reading.paused = true;
  }

  resume(partition: TopicPartition): void {
    const reading = this.#reading.get(keyOf(partition));
    if (reading === undefined) return;
    reading.paused = false;
    this.#scheduleFetch();
  }

  seek(partition: TopicPartition, position: NextOffset): void {
    const reading = this.#reading.get(keyOf(partition));
    if (reading === undefined) return;
    reading.position = position;
    this.#scheduleFetch();
  }

  rest(ms: number): void {
    this.#endOfRest?.();
    this.#endOfRest = undefined;
    if (ms > 0)
      this.#endOfRest = after(ms, () => {
        this.#endOfRest = undefined;
        this.#scheduleFetch();
      });
    else this.#scheduleFetch();
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    for (const commit of offsets) {
      if (!this.#broker.owns(this.#options.groupId, this.#member, commit)) {
        throw new FencedError(`partition ${keyOf(commit)} is not owned any more`);
      }
    }
    for (const commit of offsets) this.#broker.commit(this.#options.groupId, commit);
  }

  async stop(): Promise<void> {
    this.#forget([...this.#reading.values()]);
    this.#listener = undefined;
    this.#endOfRest?.();
    this.#stopListening();
    await this.#broker.leave(this.#options.groupId, this.#member);
  }

  async logEnds(): Promise<readonly LogEnd[]> {
    this.#notStopped();
    return [...this.#reading.values()].map(({ topic, partition }) => {
      const { logEnd } = this.#broker.partition({ topic, partition });
      return { topic, partition, logEnd };
    });
  }

  async offsetAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    this.#notStopped();
    return this.#broker.partition(partition).offsetAt(timestampMs);
  }

  #notStopped(): void {
    if (this.#listener === undefined) throw new FencedError('the source was stopped');
  }

  rejoin(): Promise<void> {
    return this.expire();
  }

  /**
   * Loses its partitions as if its session had expired: the group takes them first, then the
   * listener is told.
   */
  async expire(): Promise<void> {
    const partitions = [...this.#reading.values()];
    this.#forget(partitions);
    await this.#broker.expel(this.#options.groupId, partitions, () => this.#listener?.lost(partitions));
  }

  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#listener?.revoking(partitions);
    this.#forget(partitions);
    this.#listener?.revoked(partitions);
  }

  #assign(partitions: readonly TopicPartition[]): void {
    const fresh = new Map(partitions.map((each) => [keyOf(each), this.#begin(each)]));
    this.#listener?.assigned(
      [...this.#reading.values()].map(
        ({ topic, partition, position, incarnation }) =>
          fresh.get(keyOf({ topic, partition })) ?? {
            topic,
            partition,
            position,
            incarnation,
            metadata: incarnation,
            ...this.#counted({ topic, partition }),
          },
      ),
    );
    this.#scheduleFetch();
  }

  #begin({ topic, partition }: TopicPartition): AssignedPartition {
    const { groupId, reset } = this.#options;
    const key = keyOf({ topic, partition });
    const log = this.#broker.partition({ topic, partition });
    const incarnation = this.#broker.incarnation(topic) as string;
    const before =
      this.#reading.get(key)?.incarnation ?? this.#broker.committedOf(groupId, { topic, partition });
    const replaces = before === undefined || before === incarnation ? {} : { replaces: before };
    const committed = this.#broker.committed(groupId, { topic, partition });
    // A topic that is younger than the group is read from its start.
    const position = committed ?? resetPosition(log, before === undefined ? reset : 'earliest');
    this.#forget([{ topic, partition }]);
    const stopListening = log.onAppended(() => this.#scheduleFetch());
    this.#reading.set(key, { topic, partition, incarnation, position, paused: false, stopListening });
    const uncommitted = committed === undefined ? { uncommitted: true as const } : {};
    const metadata = incarnation;
    const counts = this.#counted({ topic, partition });
    return { topic, partition, position, incarnation, metadata, ...counts, ...replaces, ...uncommitted };
  }

  /** Earlier partition counts are not kept: `placedBy` names only the count of now. */
  #counted({ topic, partition }: TopicPartition): Pick<AssignedPartition, 'partitionCount' | 'placedBy'> {
    const partitionCount = this.#broker.partitions(topic).length;
    return { partitionCount, placedBy: placedBy(partition, [partitionCount]) };
  }

  /** The topic was deleted and made again: it is another log. */
  #made(topic: string): void {
    if (topic !== this.#options.topic) return;
    const count = this.#broker.partitions(topic).length;
    const owned = [...this.#reading.values()];
    const gone = owned.filter(({ partition }) => partition >= count);
    this.#forget(gone);
    if (gone.length > 0) this.#listener?.lost(gone);
    this.#assign(owned.filter(({ partition }) => partition < count));
  }

  #forget(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      this.#reading.get(keyOf(partition))?.stopListening();
      this.#reading.delete(keyOf(partition));
    }
  }

  /**
   * Fetches in a later turn of the event loop, so that the listener never gets records during one
   * of its own calls.
   */
  #scheduleFetch(): void {
    if (this.#fetchScheduled || this.#endOfRest !== undefined) return;
    this.#fetchScheduled = true;
    setImmediate(() => {
      this.#fetchScheduled = false;
      if (this.#endOfRest === undefined) this.#fetch();
    });
  }

  #fetch(): void {
    const { fetchBytesMax } = this.#options;
    const parts: Fetched[] = [];
    for (const reading of [...this.#reading.values()]) {
      if (reading.paused || this.#listener === undefined) continue;
      const { topic, partition, incarnation } = reading;
      if (incarnation !== this.#broker.incarnation(topic)) continue;
      const log = this.#broker.partition(reading);
      if (reading.position < log.logStart) {
        const from = reading.position;
        reading.position = log.logStart;
        const { logStart, logEnd } = log;
        this.#listener.outOfRange({
          topic,
          partition,
          position: from,
          logStart,
          logEnd,
          resumedAt: logStart,
        });
      }
      const batches = log
        .read(reading.position, fetchBytesMax)
        .map((batch): FetchedBatch => ({ ...batch, skip: false }));
      const last = batches.at(-1);
      if (last === undefined) continue;
      const from = reading.position;
      reading.position = last.header.next;
      parts.push({ topic, partition, from, batches, highWatermark: log.logEnd });
    }
    if (parts.length === 0) return;
    this.#listener?.fetched(...parts);
    this.#scheduleFetch();
  }
}
