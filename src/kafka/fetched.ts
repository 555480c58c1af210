// What a fetch has brought, from the answer of the broker to the parts that the port hands over. It
// goes over whole, and kafkajs never sees its records: its worker queue would take one partition
// after the other, with several promises for each.

import { skippedBatches } from '../log/aborted.ts';
import { startingAt } from '../log/offset.ts';
import type { Fetched } from '../log/ports.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import type { OffsetManager } from './kafkajs-group.ts';

/** What was asked for. */
export interface FetchTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly fetchOffset: string;
    readonly maxBytes: number;
  }[];
}

/** What the broker has answered for a topic. */
export interface TopicAnswer {
  readonly topicName: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly highWatermark: string;
    /** -1 or absent where the broker does not tell it. */
    readonly lastStableOffset?: string;
    readonly abortedTransactions?:
      | readonly { readonly producerId: string; readonly firstOffset: string }[]
      | null;
    /** The seam reads whole record batches where kafkajs reads messages. */
    readonly messages: readonly RawRecordBatch[];
  }[];
}

interface Taking {
  readonly manager: OffsetManager;
  /** Whether nothing is wanted of it just now. */
  isHeld(topic: string, partition: number): boolean;
  take(...fetched: readonly Fetched[]): void;
}

/**
 * Hands over what belongs to the present positions, and moves them on, as kafkajs's runner does. A
 * seek since the fetch began, or the answer of another broker, has made an answer stale. Returns
 * whether there was anything.
 */
export function handOver(
  asked: readonly FetchTopic[],
  answers: readonly TopicAnswer[],
  { manager, isHeld, take }: Taking,
): boolean {
  const parts: Fetched[] = [];
  const resolved: { topic: string; partition: number; offset: string }[] = [];
  let isEmpty = true;
  for (const { topicName: topic, partitions } of answers) {
    const full = partitions.filter(({ messages }) => messages.length > 0);
    if (full.length === 0) continue;
    isEmpty = false;
    const offsets = offsetsAsked(asked, topic);
    for (const answer of full) {
      const { partition } = answer;
      const position = manager.nextOffset(topic, partition).toString();
      if (isHeld(topic, partition) || position !== offsets.get(partition)) continue;
      const part = fetchedOf(topic, Number(position), answer);
      const last = part.batches.at(-1);
      if (last !== undefined) parts.push(part);
      // Where all batches lie below the position, kafkajs goes on by one.
      resolved.push({ topic, partition, offset: String(last?.header.lastOffset ?? position) });
    }
  }
  if (parts.length > 0) take(...parts);
  for (const offset of resolved) manager.resolveOffset(offset);
  return !isEmpty;
}

const offsetsAsked = (asked: readonly FetchTopic[], topic: string): ReadonlyMap<number, string> =>
  new Map(
    asked
      .find((each) => each.topic === topic)
      ?.partitions.map(({ partition, fetchOffset }) => [partition, fetchOffset]),
  );

/** Batches that must not be seen stay, marked, so that the lane can account for their offsets. */
function fetchedOf(
  topic: string,
  from: number,
  { partition, highWatermark, lastStableOffset = '-1', ...answer }: TopicAnswer['partitions'][number],
): Fetched {
  const within = answer.messages.filter(({ header }) => header.lastOffset >= from);
  const aborted = (answer.abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
    producerId: Number(producerId),
    firstOffset: Number(firstOffset),
  }));
  const skipped = skippedBatches(within, aborted);
  return {
    topic,
    partition,
    from: startingAt(from),
    batches: within.map(({ header, bytes }, index) => ({ header, bytes, skip: skipped[index] === true })),
    // A reader of committed records can read only up to the last stable offset, which is smaller
    // while a transaction is open. The broker tells it only in the answer to a fetch.
    highWatermark: Number(Number(lastStableOffset) >= 0 ? lastStableOffset : highWatermark),
  };
}
