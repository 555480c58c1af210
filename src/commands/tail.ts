// `scorelane tail`: prints the last records of a topic of the job, decoded, one JSON object a line,
// and those that come.

import { Option } from 'commander';
import { parseDeadLetter } from '../answers/dead-letter.ts';
import { EXIT } from '../base/errors.ts';
import { SerialQueue } from '../base/serial-queue.ts';
import type { LoadedJob } from '../config/loaded.ts';
import { SIDES, type Side, topicOf, valueForm } from '../daemon/value-forms.ts';
import { eachRecord, readRange } from '../log/read-range.ts';
import { parseHeaders } from '../log/record-batch-reader.ts';
import { ValueDecoder } from '../reading/value-decoder.ts';
import { answerSignals } from '../signals.ts';
import { lastRecords } from './last-records.ts';
import { countOrNoneArgument, type JobFlags, loadJob, type Register, withJob } from './options.ts';
import { type KeptRecord, kept, recordLine } from './record-line.ts';
import { note, say } from './say.ts';
import { withTopics } from './with-topics.ts';

export interface TailOptions {
  readonly topic: Side;
  /** How many of the last records, over all partitions. */
  readonly n: number;
  readonly follow: boolean;
}

/** Ends with 0 when it has followed until a signal, or until nobody reads what it prints. */
export function tail({ config }: LoadedJob, { topic: side, n, follow }: TailOptions): Promise<number> {
  const topic = topicOf(config, side);
  const { inflatedBytes } = config.limits;
  const decoder = new ValueDecoder(valueForm(config, side));
  const enough = new AbortController();
  // What was printed may be refused only later: nobody reads it any more.
  process.stdout.on('error', () => enough.abort());
  const print = async (record: KeptRecord): Promise<void> => {
    const decoded = await decoder.decode(record);
    const letter = side === 'dead' ? parseDeadLetter(record) : null;
    if (letter !== null) say(recordLine(record, decoded, letter.own, { reason: letter.reason }));
    else {
      const why = 'why' in decoded ? { undecoded: decoded.why } : {};
      say(recordLine(record, decoded, parseHeaders(record), why));
    }
  };
  return withTopics(
    config,
    'tail',
    async (topics) => {
      const ranges = await topics.ranges(topic);
      const last = await lastRecords(topics, topic, ranges, n, inflatedBytes);
      for (const record of last) await print(record);
      if (last.length === 0 && n > 0) note(`no records in ${topic}${follow ? ' yet' : ''}`);
      if (!follow || enough.signal.aborted) return EXIT.ok;
      answerSignals(() => enough.abort());
      const printing = new SerialQueue();
      const open = ranges.map(({ until }) => ({ from: until, until: Number.POSITIVE_INFINITY }));
      const failed = Promise.withResolvers<never>();
      await Promise.race([
        failed.promise,
        readRange(
          topics.open(topic),
          open,
          (fetched) => {
            eachRecord(fetched, open, inflatedBytes, (record) => {
              const one = kept(record, fetched.partition);
              printing.run(() => print(one)).catch(failed.reject);
            });
          },
          enough.signal,
        ),
      ]);
      return EXIT.ok;
    },
    [topic],
  );
}

export const registerTail: Register = (program, finish) => {
  withJob(program, 'tail', 'print the last results, dead letters or inputs, one JSON object a line')
    .addOption(
      new Option('--topic <name>', 'which topic of the job').choices(SIDES).default('results' satisfies Side),
    )
    .option('-n <count>', 'how many', countOrNoneArgument, 10)
    .option('--follow', 'go on with those that come, until Ctrl-C', false)
    .action(async (flags: JobFlags & TailOptions) => {
      finish(await tail(loadJob(flags), flags));
    });
};
