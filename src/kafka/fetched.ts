// What a fetch has brought, from kafkajs's batches to those of the port. The response is handed
// over whole, and kafkajs never sees its records: its worker queue would take one partition after
// the other, with several promises for each.

import { startingAt } from '../log/offset.ts';
import type { Fetched } from '../log/ports.ts';
import type { BatchMessage } from './batch-messages.ts';
import type { OffsetManager } from './kafkajs-group.ts';

/** kafkajs's batch: the answer to a fetch for one partition. */
export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  readonly messages: readonly BatchMessage[];
  /** Whether there were messages, and all of them lay below the wanted offset. */
  isEmptyDueToFiltering(): boolean;
  lastOffset(): string;
}

/**
 * Hands over what belongs to the present positions, and moves them on, as kafkajs's runner does. A
 * seek since the fetch began, or the answer of another broker, has made an answer stale.
 */
export function handOver(
  answers: readonly PartitionAnswer[],
  manager: OffsetManager,
  take: (...fetched: Fetched[]) => void,
): void {
  const current = answers.filter(
    ({ topic, partition, fetchedOffset }) =>
      manager.nextOffset(topic, partition).toString() === fetchedOffset,
  );
  const full = current.filter(({ messages }) => messages.length > 0);
  if (full.length > 0) take(...full.map(fetchedOf));
  for (const answer of current) {
    const { topic, partition } = answer;
    if (answer.messages.length > 0 || answer.isEmptyDueToFiltering())
      manager.resolveOffset({ topic, partition, offset: answer.lastOffset() });
  }
}

const fetchedOf = ({
  topic,
  partition,
  fetchedOffset,
  highWatermark,
  messages,
}: PartitionAnswer): Fetched => ({
  topic,
  partition,
  from: startingAt(Number(fetchedOffset)),
  batches: messages.map(({ batch, skip }) => ({ ...batch, skip })),
  highWatermark: Number(highWatermark),
});
