// The part that the commands for dead letters share. They read only this job's dead letters. Others
// may write to the topic too.

import { InvalidArgumentError } from 'commander';
import { closest } from 'fastest-levenshtein';
import { type DeadLetter, parseDeadLetter } from '../answers/dead-letter.ts';
import { grouped } from '../base/grouped.ts';
import type { Config } from '../config/schema.ts';
import type { Topics } from '../daemon/topics.ts';
import type { Code } from '../features/rejection.ts';
import { CODES } from '../features/rejection.ts';
import type { OffsetRange } from '../log/offset.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import type { RecordReader } from '../log/record-batch-reader.ts';

export interface DlqFilter {
  /** Only dead letters of this code. */
  readonly code?: Code;
}

type VisitLetter = (letter: DeadLetter, record: RecordReader, partition: number) => void;

/** Counts records of the topic that are not for this job, or were not asked for. */
export class PassedOver {
  /** Dead letters that an earlier run with `--code` has sent back. */
  sentBefore = 0;
  readonly #ofTopics = new Map<string, number>();
  readonly #ofCodes = new Map<string, number>();
  #withoutHeaders = 0;

  ofTopic(topic: string | null): void {
    if (topic === null) this.#withoutHeaders++;
    else countOne(this.#ofTopics, topic);
  }

  ofCode(code: string): void {
    countOne(this.#ofCodes, code);
  }

  /** One line that says how many there were, and of which kinds. Null if there were none. */
  get words(): string | null {
    const kinds = [
      ...inOrder(this.#ofCodes).map(([code, count]) => [count, `dead letters of the code ${code}`] as const),
      [this.sentBefore, 'dead letters that were sent back by their code before'],
      ...[...this.#ofTopics].map(([topic, count]) => [count, `dead letters of the topic ${topic}`] as const),
      [this.#withoutHeaders, 'records without headers of scorelane'],
    ] as const;
    const parts = kinds.filter(([count]) => count > 0).map(([count, what]) => `${grouped(count)} ${what}`);
    return parts.length > 0 ? `passed over: ${parts.join(', ')}` : null;
  }

  /** The same for programs. */
  get counts(): object {
    return {
      codes: Object.fromEntries(this.#ofCodes),
      sentBefore: this.sentBefore,
      topics: Object.fromEntries(this.#ofTopics),
      withoutHeaders: this.#withoutHeaders,
    };
  }
}

const countOne = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);

/** The most frequent first. */
const inOrder = (counts: ReadonlyMap<string, number>): [string, number][] =>
  [...counts].toSorted(([, left], [, right]) => right - left);

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
  await readRange(topics.open(config.deadLetters.topic), ranges, (fetched) => {
    eachRecord(fetched, ranges, config.limits.inflatedBytes, (record) => {
      const letter = parseDeadLetter(record);
      if (letter?.reason.topic !== config.input.topic) passed.ofTopic(letter?.reason.topic ?? null);
      else if (code !== undefined && letter.reason.code !== code) passed.ofCode(letter.reason.code);
      else visit(letter, record, fetched.partition);
    });
  });
}

/** The argument of `--code`, in any case. */
export const codeArgument = (text: string): Code => {
  const wanted = text.toUpperCase().replaceAll('-', '_');
  const found = CODES.find((known) => known === wanted);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    `expected a code of dead letters, one of ${CODES.join(', ')}; did you mean "${closest(wanted, CODES)}"?`,
  );
};

export const codeFilter = (flags: DlqFilter): DlqFilter =>
  flags.code === undefined ? {} : { code: flags.code };
