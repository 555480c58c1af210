// Finds the first offset at or after a time. A broker answers for all partitions at once, and lanes
// that are assigned together ask for nearly the same times: they share the answers.

import type { Admin } from 'kafkajs';
import { MissingTopicError } from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';

/** First offsets, by partition. */
type Offsets = ReadonlyMap<number, number>;

/** How long an answer is shared: logs grow at their end and are cut at their start all the time. */
const FRESH_MS = 1_000;

interface Asked {
  readonly atMs: number;
  readonly offsets: Promise<Offsets>;
}

export class OffsetsByTime {
  readonly #admin: Pick<Admin, 'fetchTopicOffsets' | 'fetchTopicOffsetsByTimestamp'>;
  readonly #asked = new Map<string, Asked>();

  constructor(admin: Pick<Admin, 'fetchTopicOffsets' | 'fetchTopicOffsetsByTimestamp'>) {
    this.#admin = admin;
  }

  /** See `Source.offsetAt`. Rejects with `MissingTopicError` for a partition that is not there. */
  async offsetAt(of: TopicPartition, timestampMs: number): Promise<number> {
    const offset = (await this.#offsetsAt(of.topic, timestampMs)).get(of.partition);
    if (offset === undefined) throw new MissingTopicError(`partition ${keyOf(of)} is not there`);
    return offset;
  }

  #offsetsAt(topic: string, timestampMs: number): Promise<Offsets> {
    const nowMs = performance.now();
    for (const [key, { atMs }] of this.#asked) if (nowMs - atMs > FRESH_MS) this.#asked.delete(key);
    const key = `${topic} ${timestampMs}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known.offsets;
    const offsets = this.#ask(topic, timestampMs);
    this.#asked.set(key, { atMs: nowMs, offsets });
    // A failure is not shared with later callers.
    offsets.catch(() => this.#asked.delete(key));
    return offsets;
  }

  async #ask(topic: string, timestampMs: number): Promise<Offsets> {
    if (timestampMs === Number.NEGATIVE_INFINITY) {
      const found = await this.#admin.fetchTopicOffsets(topic);
      return new Map(found.map(({ partition, low }) => [partition, Number(low)]));
    }
    const found = await this.#admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, Math.ceil(timestampMs)));
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
  }
}
