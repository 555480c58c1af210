// `scorelane dlq redrive`: sends dead letters back to the input, after the cause is repaired.

import type { DeadLetter } from '../answers/dead-letter.ts';
import { EXIT } from '../base/errors.ts';
import type { LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { connectSink, impatient, openSink } from '../daemon/open-log.ts';
import { requireRights } from '../daemon/rights.ts';
import { adviceToRedrive, heedAdvice } from '../daemon/topic-settings.ts';
import type { OffsetRange } from '../log/offset.ts';
import { PartitionWriters } from '../log/partition-writers.ts';
import type { ResultBatch } from '../log/ports.ts';
import type { RecordReader } from '../log/record-batch-reader.ts';
import {
  NOTHING_SENT,
  nextToSend,
  type RedrivePosition,
  readRedrivePosition,
  redriveMetadata,
  sentUpTo,
} from '../log/redrive-position.ts';
import { createLogger } from '../telemetry/log.ts';
import { codeArgument, codeFilter, type DlqFilter, each, PassedOver } from './letters.ts';
import { countArgument, type JobFlags, loadJob, type Register, withJob } from './options.ts';
import { say } from './say.ts';
import { withTopics } from './with-topics.ts';

/**
 * How many dead letters of a partition are read before they are sent back. So many are held in
 * memory at once.
 */
const SLICE = 20_000;

export interface DlqRedriveOptions extends DlqFilter {
  /** Sends all again, also those that were sent back before. */
  readonly fromBeginning: boolean;
  /** Sends not more than these. Infinity: all. */
  readonly limit: number;
  /** Sends nothing, commits nothing, and says what would be sent. */
  readonly isDry: boolean;
}

/**
 * Sends them back unchanged to the partition of the input that they came from: key, value, headers,
 * timestamp. After each slice is acknowledged, the position is committed as group
 * `<group>-redrive`. All dead letters have one position, and those of a code have their own. A run
 * that was interrupted sends its last slice again.
 */
export function dlqRedrive({ config }: LoadedJob, options: DlqRedriveOptions): Promise<number> {
  const { deadLetters, input, kafka, telemetry } = config;
  const { code, fromBeginning, limit, isDry } = options;
  return withTopics(config, 'dlq', async (topics) => {
    const logger = createLogger(telemetry.logLevel, telemetry.logFormat);
    const sink = openSink(config, logger);
    const patience = impatient(config, logger);
    const group = `${kafka['group.id']}-redrive`;
    await requireRights(
      config,
      [
        { resource: 'topic', name: input.topic, operation: 'Write' },
        { resource: 'group', name: group, operation: 'Read' },
      ],
      patience,
    );
    await connectSink(sink, config, patience);
    try {
      heedAdvice(await adviceToRedrive(config, patience), logger);
      const partitions = await sink.partitionCount(input.topic);
      const there = await topics.ranges(deadLetters.topic);
      const topicId = await topics.topicId(deadLetters.topic);
      const committed = await topics.committed(group, deadLetters.topic);
      let positions = there.map(({ until }, partition) => {
        const before = readRedrivePosition(committed.get(partition), { topicId, end: until });
        return fromBeginning && code === undefined ? NOTHING_SENT : before;
      });
      let left = there.map(({ from, until }, partition) => {
        const next = nextToSend(positions[partition] as RedrivePosition, code);
        return { from: fromBeginning ? from : Math.max(from, next), until };
      });
      let sent = 0;
      const byCode = new Map<string, number>();
      const passed = new PassedOver();
      while (sent < limit && left.some(({ from, until }) => from < until)) {
        const slice = left.map(({ from, until }) => ({ from, until: Math.min(until, from + SLICE) }));
        const back = new Back(config, partitions);
        await each(config, topics, slice, options, passed, (letter, record, partition) => {
          const range = slice[partition] as { until: number };
          const isSent =
            record.offset < nextToSend(positions[partition] as RedrivePosition, letter.reason.code);
          if (isSent && !fromBeginning) passed.sentBefore++;
          else if (sent + back.count < limit) back.add(letter, record);
          // The next run begins there.
          else range.until = record.offset;
        });
        sent += back.count;
        for (const [code, count] of back.byCode) byCode.set(code, (byCode.get(code) ?? 0) + count);
        left = left.map(({ until }, partition) => ({ from: slice[partition]?.until ?? until, until }));
        if (isDry) continue;
        await sink.produce(back.batches());
        positions = positions.map((before, partition) =>
          sentUpTo(before, code, (slice[partition] as OffsetRange).until),
        );
        await topics.commit(
          group,
          deadLetters.topic,
          positions.map((position, partition) => ({
            partition,
            offset: position.all,
            metadata: redriveMetadata(position, topicId),
          })),
        );
      }
      if (isDry) say(`would send ${sent} records back to ${input.topic}${listed(byCode)}`);
      else say(`sent ${sent} records back to ${input.topic}`);
      if (passed.words !== null) say(passed.words);
      return EXIT.ok;
    } finally {
      await sink.stop();
    }
  });
}

const listed = (byCode: ReadonlyMap<string, number>): string => {
  const parts = [...byCode].map(([code, count]) => `${count} ${code}`);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
};

/** Record batches on their way back, by the partition that they came from. */
class Back {
  count = 0;
  readonly byCode = new Map<string, number>();
  readonly #partitions: number;
  readonly #writers: PartitionWriters;

  constructor({ input, limits }: Config, partitions: number) {
    this.#partitions = partitions;
    this.#writers = new PartitionWriters(input.topic, limits.resultBatchBytes);
  }

  add({ block, reason, timestamp }: DeadLetter, record: RecordReader): void {
    const [key, value] = [record.key(), record.value()];
    const bytes = (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + block.byteLength;
    // The topic may have been created again with fewer partitions.
    this.#writers
      .writerFor(reason.partition % this.#partitions, bytes)
      .appendRecord(timestamp, key, value, block);
    this.count++;
    this.byCode.set(reason.code, (this.byCode.get(reason.code) ?? 0) + 1);
  }

  batches(): readonly ResultBatch[] {
    return this.#writers.flush();
  }
}

export const registerRedrive: Register = (dlq, finish) => {
  withJob(dlq, 'redrive', 'send those that were not sent back yet to the input again')
    .option('--code <code>', 'only those of this code; the others stay to be sent', codeArgument)
    .option('--from-beginning', 'all of them, also those that were sent back before', false)
    .option('--limit <n>', 'not more than these; the next run goes on after them', countArgument)
    .option('--dry-run', 'send nothing: say how many would be sent', false)
    .action(
      async (flags: JobFlags & DlqFilter & { fromBeginning: boolean; limit?: number; dryRun: boolean }) => {
        const { fromBeginning, limit = Number.POSITIVE_INFINITY, dryRun: isDry } = flags;
        finish(await dlqRedrive(loadJob(flags), { ...codeFilter(flags), fromBeginning, limit, isDry }));
      },
    );
};
