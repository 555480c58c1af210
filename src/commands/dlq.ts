// `scorelane dlq list|show`: shows which records became dead letters, and why.

import { EXIT } from '../base/errors.ts';
import { grouped } from '../base/grouped.ts';
import type { LoadedJob } from '../config/loaded.ts';
import { valueForm } from '../daemon/value-forms.ts';
import type { RecordHeader } from '../log/record-batch-reader.ts';
import { ValueDecoder } from '../reading/value-decoder.ts';
import { codeArgument, codeFilter, type DlqFilter, each, PassedOver } from './letters.ts';
import { countArgument, type JobFlags, loadJob, type Register, withJob } from './options.ts';
import { type KeptRecord, kept, recordLine } from './record-line.ts';
import { registerRedrive } from './redrive.ts';
import { note, say } from './say.ts';
import { withTopics } from './with-topics.ts';

export interface DlqListOptions extends DlqFilter {
  readonly json: boolean;
}

/** Dead letters of one kind, with the first of them. */
interface Kind {
  readonly code: string;
  readonly stage: string;
  readonly model: string;
  readonly version: string;
  count: number;
  readonly first: { readonly partition: number; readonly offset: number; readonly message: string };
}

/** Counts dead letters by code, stage, model and version, with an example of each. */
export function dlqList({ config }: LoadedJob, { json, ...filter }: DlqListOptions): Promise<number> {
  return withTopics(config, 'dlq', async (topics) => {
    const kinds = new Map<string, Kind>();
    const ranges = await topics.ranges(config.deadLetters.topic);
    const passed = new PassedOver();
    await each(config, topics, ranges, filter, passed, ({ reason }, { offset }, partition) => {
      const { code, stage, model, version, message } = reason;
      const kind = [code, stage, model, version].join(' ');
      const seen = kinds.get(kind);
      if (seen !== undefined) seen.count++;
      else kinds.set(kind, { code, stage, model, version, count: 1, first: { partition, offset, message } });
    });
    const found = [...kinds.values()].toSorted((left, right) => right.count - left.count);
    if (json) say(JSON.stringify({ deadLetters: found, passedOver: passed.counts }, null, 2));
    else printKinds(found, passed, filter);
    return EXIT.ok;
  });
}

function printKinds(kinds: readonly Kind[], passed: PassedOver, { code }: DlqFilter): void {
  for (const { count, code, stage, model, version, first } of kinds) {
    const { partition, offset, message } = first;
    say(
      `${String(count).padStart(9)}  ${code}  ${stage}  ${model} ${version}  first ${partition}/${offset}: ${message}`,
    );
  }
  if (kinds.length === 0) say(`no dead letters${code === undefined ? '' : ` of the code ${code}`}`);
  if (passed.words !== null) say(passed.words);
}

export interface DlqShowOptions extends DlqFilter {
  readonly limit: number;
}

interface KeptLetter {
  readonly record: KeptRecord;
  readonly own: readonly RecordHeader[];
  readonly reason: object;
}

/**
 * Prints the oldest dead letters of each partition, one JSON object a line: the record, where it
 * came from, and why it is a dead letter. Says on standard error how many there are.
 */
export function dlqShow({ config }: LoadedJob, { limit, ...filter }: DlqShowOptions): Promise<number> {
  return withTopics(config, 'dlq', async (topics) => {
    const letters: KeptLetter[] = [];
    let found = 0;
    const passed = new PassedOver();
    const ranges = await topics.ranges(config.deadLetters.topic);
    await each(config, topics, ranges, filter, passed, ({ own, reason }, record, partition) => {
      if (found++ < limit) letters.push({ record: kept(record, partition), own, reason });
    });
    const decoder = new ValueDecoder(valueForm(config, 'dead'));
    for (const { record, own, reason } of letters)
      say(recordLine(record, await decoder.decode(record), own, { reason }));
    note(`${grouped(letters.length)} of ${grouped(found)} dead letters`);
    note(passed.words);
    return EXIT.ok;
  });
}

export const registerDlq: Register = (program, finish) => {
  const dlq = program.command('dlq').description('look at dead letters, and send them back to the input');
  withJob(dlq, 'list', 'count them by reason')
    .option('--code <code>', 'only those of this code', codeArgument)
    .option('--json', 'print them as JSON', false)
    .action(async (flags: JobFlags & DlqListOptions) => {
      finish(await dlqList(loadJob(flags), { ...codeFilter(flags), json: flags.json }));
    });

  withJob(dlq, 'show', 'print them, one JSON object a line')
    .option('--code <code>', 'only those of this code', codeArgument)
    .option('--limit <n>', 'how many', countArgument, 20)
    .action(async (flags: JobFlags & DlqFilter & { limit: number }) => {
      finish(await dlqShow(loadJob(flags), { ...codeFilter(flags), limit: flags.limit }));
    });

  registerRedrive(dlq, finish);
};
