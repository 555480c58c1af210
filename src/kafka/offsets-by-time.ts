// Which offset is the first of a time. A broker answers that for all partitions at once, and the
// lanes that are assigned together ask for much the same times: they share the answers.

import type { Admin } from 'kafkajs';
import { MissingTopicError } from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';

/** First offsets, by partition. */
type Offsets = ReadonlyMap<number, number>;

/**
 * An answer serves others for so long: a log grows at its end, and is cut at its start, all the
 * time.
 */
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

  /**
   * As `Source.offsetAt` has it. Rejects with `MissingTopicError` for a partition that is not
   * there.
   */
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
    // A failure is nobody's answer but of those who wait for it already.
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
