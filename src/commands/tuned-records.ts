// The records that `tune` runs with: the last of the topic, those of a file, or generated ones.

import { ConfigError } from '../config/load.ts';
import type { Config, Generated } from '../config/schema.ts';
import { writingCodec } from '../daemon/configured-model.ts';
import { openOwnRecords } from '../daemon/own-records.ts';
import { formatOf } from '../daemon/record-file.ts';
import { endless, type LoadRecord, type LoadRecords } from '../load/load-record.ts';
import type { PreparedRecord } from '../load/prepared.ts';
import { partitionOfKey } from '../log/partitioner.ts';
import { NO_HEADERS } from '../log/record-batch-writer.ts';
import { generated, loadFor } from './generated.ts';
import { lastRecords } from './last-records.ts';
import type { KeptRecord } from './record-line.ts';
import { withTopics } from './with-topics.ts';

export interface RecordsAsked {
  /** A file of JSON lines or CSV. */
  readonly file?: string;
  readonly generate?: Generated;
}

export interface RecordsFound {
  readonly records: readonly PreparedRecord[];
  /** Where they come from, in words. */
  readonly from: string;
  /** Of the input topic. */
  readonly partitions: number;
}

/** Enough to be unlike each other; they are sent again and again. */
const RECORDS_MAX = 20_000;
const BYTES_MAX = 2 ** 26;

/** Rejects with what is wrong with the file, the broker or the topic, and if there are none. */
export async function recordsFor(config: Config, { file, generate }: RecordsAsked): Promise<RecordsFound> {
  const { partitions } = config.memory;
  if (file !== undefined) {
    const options = { format: formatOf(file), option: '--records', text: [], repeats: false };
    return written(config, await openOwnRecords(config, file, options), `records of ${file}`, partitions);
  }
  if (generate !== undefined) {
    const { seed, customers, terminals } = config.generate;
    const records = endless(generated(config, { generate, seed, customers, terminals }));
    return written(config, records, `generated records (${generate})`, partitions);
  }
  if (config.log === 'kafka') return ofTopic(config);
  const { kind, file: own } = config.generate;
  const from = own === undefined ? `generated records (${kind})` : `records of ${own}`;
  const once = { ...config, generate: { ...config.generate, repeat: false } };
  return written(config, await loadFor(once), from, partitions);
}

async function written(
  config: Config,
  source: LoadRecords,
  from: string,
  partitions: number,
): Promise<RecordsFound> {
  const codec = writingCodec(config);
  const records: PreparedRecord[] = [];
  let bytes = 0;
  for (let taken = await nextOf(source); taken.length > 0; taken = await nextOf(source)) {
    for (const { key: text, value: fields, json } of taken) {
      const key = Buffer.from(text);
      const value = (config.input.format === 'json' ? json : undefined) ?? codec.encode(fields);
      records.push({ partition: partitionOfKey(key, partitions), key, value, headers: NO_HEADERS });
      bytes += value.byteLength;
    }
    if (records.length >= RECORDS_MAX || bytes >= BYTES_MAX) break;
  }
  return unlessNone(records, from, partitions);
}

const AT_ONCE = 500;
const nextOf = (source: LoadRecords): Promise<readonly LoadRecord[]> => source.take(AT_ONCE);

/** To know how large they are. */
const SAMPLE = 100;

/** Of each partition so many are read, as the last of all may be in any. */
function countFor(few: readonly KeptRecord[], partitions: number): number {
  const bytes = few.reduce(
    (sum, { keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd }) =>
      sum + Math.max(0, keyEnd - keyStart) + Math.max(0, valueEnd - valueStart) + headersEnd - headersStart,
    0,
  );
  const each = Math.max(1, bytes / Math.max(1, few.length));
  return Math.max(SAMPLE, Math.min(RECORDS_MAX, Math.floor(BYTES_MAX / each / partitions)));
}

async function ofTopic(config: Config): Promise<RecordsFound> {
  const { topic } = config.input;
  return withTopics(
    config,
    'tune',
    async (topics) => {
      const ranges = await topics.ranges(topic);
      const lastOf = (count: number): Promise<KeptRecord[]> =>
        lastRecords(topics, topic, ranges, count, config.limits.inflatedBytes);
      const last = await lastOf(countFor(await lastOf(SAMPLE), ranges.length));
      const records: PreparedRecord[] = [];
      let left = BYTES_MAX;
      for (const record of last.toReversed()) {
        const { bytes, partition, keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } = record;
        const part = (start: number, end: number): Uint8Array | null =>
          start < 0 ? null : bytes.slice(start, end);
        const headers = bytes.slice(headersStart, headersEnd);
        const value = part(valueStart, valueEnd);
        left -= (value?.byteLength ?? 0) + headers.byteLength;
        if (left < 0 && records.length > 0) break;
        records.push({ partition, key: part(keyStart, keyEnd), value, headers });
      }
      return unlessNone(records.toReversed(), `the last records of ${topic}`, ranges.length);
    },
    [topic],
  );
}

function unlessNone(records: readonly PreparedRecord[], from: string, partitions: number): RecordsFound {
  if (records.length > 0) return { records, from, partitions };
  throw new ConfigError([
    `${from}: expected records to run with, found none; give some by --records FILE or --generate`,
  ]);
}
