// A backlog larger than the memory of who reads it: records of 1 kB in lz4 over many partitions, as
// producers leave behind that went on while the daemon was away.

import { codecs } from '../../src/codec/codecs.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { generateTransactions } from '../../src/load/transactions.ts';
import { PartitionWriters } from '../../src/log/partition-writers.ts';
import { type ResultBatch, SinkError } from '../../src/log/ports.ts';
import { ROOT } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import { until } from '../support/until.ts';

export interface Backlog {
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
}

const RECORD_BYTES = 1_000;
/** What is appended to a partition at once: a batch of half a megabyte before compression. */
const RECORDS_PER_BATCH = 500;
const BATCHES_PER_SEND = 10;
const BATCH_BYTES_MAX = 900 * 1024;
/** Words that repeat, as texts and field names do: lz4 makes a quarter of them. */
const WORDS = ['terminal', 'customer', 'merchant', 'groceries', 'online', 'travel', 'refund', 'Zürich'];

/** Writes it, and resolves when the broker has all of it. */
export async function writeBacklog(address: string, { topic, partitions, records }: Backlog): Promise<void> {
  const settings = settingsFor(address);
  const sink = new KafkaSink(kafkaFor(settings), settings);
  await sink.start();
  try {
    const transactions = generateTransactions(`${ROOT}/native-models/creditcard/1/generator.json`, 1);
    let written = 0;
    for (let partition = 0; written < records; partition = (partition + BATCHES_PER_SEND) % partitions) {
      const writers = new PartitionWriters(topic, BATCH_BYTES_MAX, 'lz4');
      for (let at = partition; at < Math.min(partitions, partition + BATCHES_PER_SEND); at++) {
        for (let left = Math.min(RECORDS_PER_BATCH, records - written); left > 0; left--, written++) {
          const next = transactions.next();
          if (next.done === true) throw new Error('the generator has ended');
          const key = Buffer.from(next.value.key);
          const value = padded(next.value.value, written);
          writers.writerFor(at, key.byteLength + value.byteLength).appendRecord(Date.now(), key, value);
        }
      }
      await delivered(sink, writers.flush());
    }
  } finally {
    await sink.stop();
  }
}

/** Brokers refuse a topic for a moment that was just made. */
const delivered = (sink: KafkaSink, batches: readonly ResultBatch[]): Promise<unknown> =>
  until('the broker to take the backlog', async () => {
    try {
      return await sink.produce(batches);
    } catch (error) {
      if (error instanceof SinkError && error.retriable) return undefined;
      throw error;
    }
  });

function padded(fields: Readonly<Record<string, unknown>>, number: number): Uint8Array {
  const missing = RECORD_BYTES - codecs.msgpack.encode(fields).byteLength;
  let words = '';
  for (let at = number; words.length < missing; at++)
    words += `${WORDS[(at * 7) % WORDS.length]} ${at % 1000} `;
  return codecs.msgpack.encode({ ...fields, remarks: words.slice(0, Math.max(0, missing)) });
}
