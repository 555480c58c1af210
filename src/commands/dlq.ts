// `scorelane dlq list|show`: shows which records became dead letters, and why.

import type { LoadedConfig } from '../config/load.ts';
import { letterLine } from './letter-line.ts';
import { codeArgument, codeFilter, type DlqFilter, each, PassedOver, say, withTopics } from './letters.ts';
import { type ConfigFlags, countArgument, loadWith, type Register, withConfig } from './options.ts';
import { registerRedrive } from './redrive.ts';

/** Counts dead letters by code, stage, model and version, with an example of each. */
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

/**
 * Prints the oldest dead letters of each partition, one JSON object a line: the record, where it
 * came from, and why it is a dead letter.
 */
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

export const registerDlq: Register = (program, finish) => {
  const dlq = program.command('dlq').description('look at dead letters, and send them back to the input');
  withConfig(dlq, 'list', 'count them by reason')
    .option('--code <code>', 'only those of this code', codeArgument)
    .action(async (flags: ConfigFlags & DlqFilter) => {
      finish(await dlqList(loadWith(flags), codeFilter(flags)));
    });

  withConfig(dlq, 'show', 'print them, one JSON object a line')
    .option('--code <code>', 'only those of this code', codeArgument)
    .option('--limit <n>', 'how many', countArgument, 20)
    .action(async (flags: ConfigFlags & DlqFilter & { limit: number }) => {
      finish(await dlqShow(loadWith(flags), { ...codeFilter(flags), limit: flags.limit }));
    });

  registerRedrive(dlq, finish);
};
