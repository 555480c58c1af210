// `scorelane dlq list|show|redrive`: what became a dead letter and why, and the way back to the input after a fix.

import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Code } from '../features/rejection.ts';
import type { OffsetRange } from '../log/offset.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import type { ResultBatch } from '../log/ports.ts';
import { readRange } from '../log/read-range.ts';
import { openRecordBatch, type RecordReader } from '../log/record-batch-reader.ts';
import { type DeadLetter, parseDeadLetter } from '../scoring/dead-letter.ts';
import { createLogger } from '../telemetry/log.ts';
import { EXIT } from './exit-codes.ts';
import { letterLine } from './letter-line.ts';
import { requireRights } from './rights.ts';
import { adviceToRedrive, logAdvice } from './topic-settings.ts';
import { Topics } from './topics.ts';
import { connectSink, impatient, openSink } from './wiring.ts';

export interface DlqFilter {
  /** Only dead letters of this code. */
  readonly code?: Code;
}

type Take = (letter: DeadLetter, record: RecordReader, partition: number) => void;

/** What lies in the topic and is not for this job, or was not asked for. */
class PassedOver {
  ofOtherCodes = 0;
  readonly #ofTopics = new Map<string, number>();
  #withoutHeaders = 0;

  ofTopic(topic: string | null): void {
    if (topic === null) this.#withoutHeaders++;
    else this.#ofTopics.set(topic, (this.#ofTopics.get(topic) ?? 0) + 1);
  }

  /** Says how many there were, if any. */
  say(): void {
    const kinds = [
      [this.ofOtherCodes, 'dead letters of other codes'],
      ...[...this.#ofTopics].map(([topic, count]) => [count, `dead letters of the topic ${topic}`] as const),
      [this.#withoutHeaders, 'records without headers of scorelane'],
    ] as const;
    const words = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    if (words.length > 0) say(`passed over: ${words.join(', ')}`);
  }
}

/** Dead letters read before they are sent back, for each partition: what is held in memory at once. */
const SLICE = 20_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function withTopics(config: Config, use: (topics: Topics) => Promise<void>): Promise<number> {
  const logger = createLogger(config.telemetry.logLevel);
  const topics = await Topics.connect(config, impatient(config, logger), 'dlq');
  try {
    await use(topics);
    return EXIT.ok;
  } finally {
    await topics.close();
  }
}

/** Calls `take` with each dead letter of the ranges that is of this job's input: others may share the topic. */
async function each(
  config: Config,
  topics: Topics,
  ranges: readonly OffsetRange[],
  { code }: DlqFilter,
  passed: PassedOver,
  take: Take,
): Promise<void> {
  await readRange(topics.open(config.deadLetters.topic), ranges, ({ partition, batches }) => {
    const { from, until } = ranges[partition] as OffsetRange;
    for (const batch of batches) {
      if (batch.skip) continue;
      const records = openRecordBatch(batch, config.limits.inflatedBytes);
      while (records.next()) {
        if (records.offset < from || records.offset >= until) continue;
        const letter = parseDeadLetter(records);
        if (letter?.reason.topic !== config.input.topic) passed.ofTopic(letter?.reason.topic ?? null);
        else if (code !== undefined && letter.reason.code !== code) passed.ofOtherCodes++;
        else take(letter, records, partition);
      }
    }
  });
}

/** Counts them by code, stage, model and version, with an example of each. */
export function dlqList({ config }: LoadedConfig, filter: DlqFilter): Promise<number> {
  return withTopics(config, async (topics) => {
    const kinds = new Map<string, { count: number; example: string }>();
    const ranges = await topics.ranges(config.deadLetters.topic);
    const passed = new PassedOver();
    await each(config, topics, ranges, filter, passed, ({ reason }, record, partition) => {
      const { code, stage, model, version, message } = reason;
      const kind = `${code}  ${stage}  ${model} ${version}`;
      const seen = kinds.get(kind);
      if (seen !== undefined) seen.count++;
      else kinds.set(kind, { count: 1, example: `${partition}/${record.offset}: ${message}` });
    });
    for (const [kind, { count, example }] of [...kinds].toSorted(([, a], [, b]) => b.count - a.count)) {
      say(`${String(count).padStart(9)}  ${kind}  first ${example}`);
    }
    if (kinds.size === 0) say('no dead letters');
    passed.say();
  });
}

export interface DlqShowOptions extends DlqFilter {
  readonly limit: number;
}

/** Prints the oldest of each partition, one JSON object a line: where it came from, why it is here, and what it is. */
export function dlqShow({ config }: LoadedConfig, { limit, ...filter }: DlqShowOptions): Promise<number> {
  return withTopics(config, async (topics) => {
    let shown = 0;
    const passed = new PassedOver();
    const ranges = await topics.ranges(config.deadLetters.topic);
    await each(config, topics, ranges, filter, passed, (letter, record, partition) => {
      if (shown++ >= limit) return;
      say(letterLine(letter, record, partition, config.input.format));
    });
    passed.say();
  });
}

export interface DlqRedriveOptions extends DlqFilter {
  /** Goes over all again, also what was sent back before. */
  readonly fromBeginning: boolean;
}

/**
 * Sends them back to the partition of the input that they came from, as they were: key, value, headers, timestamp. How
 * far it has come is committed as group `<group>-redrive` after each slice is acknowledged: an interrupted run sends that slice again.
 */
export function dlqRedrive({ config }: LoadedConfig, options: DlqRedriveOptions): Promise<number> {
  const { deadLetters, input, kafka, telemetry } = config;
  return withTopics(config, async (topics) => {
    const logger = createLogger(telemetry.logLevel);
    const sink = openSink(config, logger);
    const patience = impatient(config, logger);
    await requireRights(
      config,
      [
        { resource: 'topic', name: input.topic, operation: 'Write' },
        { resource: 'group', name: `${kafka['group.id']}-redrive`, operation: 'Read' },
      ],
      patience,
    );
    await connectSink(sink, config, patience);
    try {
      logAdvice(await adviceToRedrive(config, patience), logger);
      const partitions = await sink.partitionCount(input.topic);
      const group = `${kafka['group.id']}-redrive`;
      const there = await topics.ranges(deadLetters.topic);
      const done = await topics.committed(group, deadLetters.topic, there.length);
      let left = there.map(({ from, until }, partition) => ({
        from: options.fromBeginning ? from : Math.max(from, done[partition] ?? 0),
        until,
      }));
      let sent = 0;
      const passed = new PassedOver();
      while (left.some(({ from, until }) => from < until)) {
        const slice = left.map(({ from, until }) => ({ from, until: Math.min(until, from + SLICE) }));
        const back = new Back(config, partitions);
        await each(config, topics, slice, options, passed, (letter, record) => back.take(letter, record));
        sent += back.count;
        await sink.produce(back.batches());
        await topics.admin.setOffsets({
          groupId: group,
          topic: deadLetters.topic,
          partitions: slice.map(({ until }, partition) => ({ partition, offset: String(until) })),
        });
        left = left.map(({ until }, partition) => ({ from: slice[partition]?.until ?? until, until }));
      }
      say(`sent ${sent} records back to ${input.topic}`);
      passed.say();
    } finally {
      await sink.stop();
    }
  });
}

/** Record batches on their way back, by the partition they came from. */
class Back {
  count = 0;
  readonly #partitions: number;
  readonly #writers: PartitionWriters;

  constructor({ input, limits }: Config, partitions: number) {
    this.#partitions = partitions;
    this.#writers = new PartitionWriters(input.topic, limits.resultBatchBytes);
  }

  take({ block, reason, timestamp }: DeadLetter, record: RecordReader): void {
    const [key, value] = [record.key(), record.value()];
    const bytes = (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + block.byteLength;
    // The topic may have been made anew with fewer partitions.
    this.#writers
      .writerFor(reason.partition % this.#partitions, bytes)
      .appendRecord(timestamp, key, value, block);
    this.count++;
  }

  batches(): readonly ResultBatch[] {
    return this.#writers.take();
  }
}
