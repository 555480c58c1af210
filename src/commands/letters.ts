// The part that the commands for dead letters share. They read only this job's dead letters. Others
// may write to the topic too.

import { InvalidArgumentError } from 'commander';
import { closest } from 'fastest-levenshtein';
import { type DeadLetter, parseDeadLetter } from '../answers/dead-letter.ts';
import { EXIT } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import { impatient } from '../daemon/open-log.ts';
import { Topics } from '../daemon/topics.ts';
import type { Code } from '../features/rejection.ts';
import { CODES } from '../features/rejection.ts';
import type { OffsetRange } from '../log/offset.ts';
import { readRange } from '../log/read-range.ts';
import { openRecordBatch, type RecordReader } from '../log/record-batch-reader.ts';
import { createLogger } from '../telemetry/log.ts';

export interface DlqFilter {
  /** Only dead letters of this code. */
  readonly code?: Code;
}

type VisitLetter = (letter: DeadLetter, record: RecordReader, partition: number) => void;

/** Counts records of the topic that are not for this job, or were not asked for. */
export class PassedOver {
  ofOtherCodes = 0;
  /** Dead letters that an earlier run with `--code` has sent back. */
  sentBefore = 0;
  readonly #ofTopics = new Map<string, number>();
  #withoutHeaders = 0;

  ofTopic(topic: string | null): void {
    if (topic === null) this.#withoutHeaders++;
    else this.#ofTopics.set(topic, (this.#ofTopics.get(topic) ?? 0) + 1);
  }

  /** Says how many there were, if there were any. */
  say(): void {
    const kinds = [
      [this.ofOtherCodes, 'dead letters of other codes'],
      [this.sentBefore, 'dead letters that were sent back by their code before'],
      ...[...this.#ofTopics].map(([topic, count]) => [count, `dead letters of the topic ${topic}`] as const),
      [this.#withoutHeaders, 'records without headers of scorelane'],
    ] as const;
    const parts = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    if (parts.length > 0) say(`passed over: ${parts.join(', ')}`);
  }
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

export async function withTopics(config: Config, use: (topics: Topics) => Promise<void>): Promise<number> {
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  const topics = await Topics.connect(config, impatient(config, logger), 'dlq');
  try {
    await use(topics);
    return EXIT.ok;
  } finally {
    await topics.close();
  }
}

/**
 * Calls `visit` with each dead letter in the ranges that comes from this job's input. Other jobs
 * may share the topic.
 */
export async function each(
  config: Config,
  topics: Topics,
  ranges: readonly OffsetRange[],
  { code }: DlqFilter,
  passed: PassedOver,
  visit: VisitLetter,
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
        else visit(letter, records, partition);
      }
    }
  });
}

/** The argument of `--code`. */
export const codeArgument = (text: string): Code => {
  const found = CODES.find((known) => known === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    `no dead letter has it; did you mean ${closest(text.toUpperCase(), CODES)}?`,
  );
};

export const codeFilter = (flags: DlqFilter): DlqFilter =>
  flags.code === undefined ? {} : { code: flags.code };
