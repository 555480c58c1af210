// `scorelane produce`: a load source for the configured input topic. The records come from a CSV
// file or are generated.

import { Option } from 'commander';
import { EXIT, ScorelaneError } from '../base/errors.ts';
import type { LoadedJob } from '../config/loaded.ts';
import { type Config, GENERATED, type Generated } from '../config/schema.ts';
import { modelFolder, writingCodec } from '../daemon/configured-model.ts';
import { connectSink, impatient, openSink, requireKafka } from '../daemon/open-log.ts';
import { openOwnRecords } from '../daemon/own-records.ts';
import type { RecordFormat } from '../daemon/record-file.ts';
import { requireRights } from '../daemon/rights.ts';
import { fieldsRead } from '../features/reads.ts';
import { endless } from '../load/load-record.ts';
import { type LoadResult, runLoad, shortfall } from '../load/load-source.ts';
import { SinkError } from '../log/ports.ts';
import { readPlan } from '../model/manifest.ts';
import { answerSignals } from '../signals.ts';
import { createLogger } from '../telemetry/log.ts';
import { after } from '../time/timer.ts';
import { generated, writeGenerated } from './generated.ts';
import { showBar } from './live.ts';
import {
  collect,
  countArgument,
  type JobFlags,
  loadJob,
  type Register,
  rateArgument,
  separatorArgument,
  shareArgument,
  withJob,
  withQuiet,
} from './options.ts';
import { keepHeapSmall } from './small-heap.ts';

export interface ProduceOptions {
  /** A file of records, and what it is. */
  readonly file?: string;
  readonly format: RecordFormat;
  /** Sends the file again at its end. */
  readonly repeat: boolean;
  /** Of CSV: between its cells; looked for in the header line unless given. */
  readonly separator?: string;
  /** Of CSV: its columns that are sent as text, even if they look like numbers. */
  readonly text: readonly string[];
  /**
   * What to generate if there is no file: transactions as fitted to the model, or a history of
   * customers and terminals.
   */
  readonly generate: Generated;
  readonly customers: number;
  readonly terminals: number;
  readonly recordsPerSecond: number;
  readonly count: number;
  /** The share of records to spoil, from 0 to 1. */
  readonly garbageShare: number;
  readonly seed: number;
  /** A CSV file to write generated transactions to, instead of the topic. */
  readonly to?: string;
  readonly quiet: boolean;
}

/** Records in flight were not acknowledged, and will not be. */
class UnfinishedError extends ScorelaneError {
  readonly code = 'SCORELANE_UNFINISHED';
  constructor(cause: SinkError) {
    super(`not all records were acknowledged, and nobody knows which are there: ${cause.message}`, { cause });
  }
}

export async function produce({ config }: LoadedJob, options: ProduceOptions): Promise<number> {
  keepHeapSmall();
  if (options.to !== undefined) return writeGenerated(config, options, options.to);
  requireKafka(config, 'produce');
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  const records =
    options.file === undefined
      ? endless(generated(config, options))
      : await openOwnRecords(config, options.file, {
          format: options.format,
          option: `--${options.format}`,
          separator: options.separator,
          text: options.text,
          repeats: options.repeat,
        });
  const { inputs, windows } = readPlan(modelFolder(config));
  const fields = fieldsRead(inputs, windows);
  const sink = openSink(config, logger);
  const patience = impatient(config, logger);
  const write = { resource: 'topic', name: config.input.topic, operation: 'Write' } as const;
  await requireRights(config, [write], patience);
  await connectSink(sink, config, patience);
  const stop = new AbortController();
  answerSignals(() => {
    stop.abort();
    // Records in flight are waited for, but not for ever.
    after(config.lanes.stopTimeout, () => process.exit(EXIT.unfinished), { keepsAlive: false });
  });
  let sent = 0;
  const { count, recordsPerSecond } = options;
  const stopBar = showBar(options.quiet, () => ({
    done: sent,
    unit: 'records',
    share: Number.isFinite(count) ? sent / count : null,
  }));
  try {
    const load = {
      sink,
      topic: config.input.topic,
      codec: writingCodec(config),
      records,
      recordsPerSecond,
      count,
      batchBytesMax: config.limits.resultBatchBytes,
      garbage: {
        share: options.garbageShare,
        field: fields.findLast(({ isRequired }) => isRequired)?.path ?? '',
      },
      onSent: (soFar: number) => {
        sent = soFar;
      },
    };
    const result = await runLoad(load, stop.signal);
    stopBar();
    if (!options.quiet) process.stdout.write(`${inWords(config, recordsPerSecond, result)}\n`);
    if (options.file !== undefined && result.sent < count && Number.isFinite(count))
      logger.warn(
        `${options.file} has ${result.sent} records, fewer than --count ${count}: --repeat sends them again`,
      );
    if (result.failure instanceof SinkError) throw new UnfinishedError(result.failure);
    if (result.failure !== undefined) throw result.failure;
  } finally {
    stopBar();
    await sink.stop();
  }
  return EXIT.ok;
}

function inWords(config: Config, asked: number, result: LoadResult): string {
  const { sent, spoilt, seconds } = result;
  const rate = Math.round(sent / Math.max(0.001, seconds));
  const missed = shortfall(asked, result);
  return (
    `sent ${sent} records, ${spoilt} of them spoilt, to ${config.input.topic} in ${seconds.toFixed(1)} s: ` +
    `${rate} records/s${missed === null ? '' : `; ${missed}`}`
  );
}

export const registerProduce: Register = (program, finish) => {
  withQuiet(withJob(program, 'produce', 'send records to the input topic: of a file, or generated'))
    .option('--csv <file>', 'rows with a header line, or a pipe of them: each is sent once')
    .option('--json <file>', 'JSON lines, or a pipe of them, - for standard input: each is sent once')
    .option('--repeat', 'send the records of the file again and again, until --count or Ctrl-C', false)
    .option(
      '--separator <character>',
      'between the cells, or tab; found in the header line',
      separatorArgument,
    )
    .option(
      '--text <column>',
      'a column to send as text, also where it looks like a number; may be given again',
      collect,
      [],
    )
    .addOption(
      new Option('--generate <what>', 'fitted to the model, or the stream of a use case').choices(GENERATED),
    )
    .option('--customers <n>', 'of the generated transactions', countArgument, 5000)
    .option('--terminals <n>', 'of the generated transactions', countArgument, 10_000)
    .option('--to <file>', 'write --count generated records to a CSV file instead')
    .option('--rate <n>', 'records a second, or max', rateArgument, 1000)
    .option('--count <n>', 'how many records', countArgument, Number.POSITIVE_INFINITY)
    .option('--garbage <share>', 'share of records to spoil, 0 to 1', shareArgument, 0)
    .option('--seed <n>', 'seed of the generated records', countArgument, 1)
    .action(
      async (
        flags: JobFlags & {
          csv?: string;
          json?: string;
          repeat: boolean;
          generate?: Generated;
          customers: number;
          terminals: number;
          to?: string;
          rate: number;
          count: number;
          garbage: number;
          seed: number;
          separator?: string;
          text: readonly string[];
          quiet: boolean;
        },
      ) => {
        const given = (['csv', 'json', 'generate'] as const).filter((name) => flags[name] !== undefined);
        if (given.length > 1) program.error(`--${given[0]} and --${given[1]} exclude each other`);
        if (flags.to !== undefined && !Number.isFinite(flags.count))
          program.error('--to needs --count: what is generated has no end');
        const format = flags.json === undefined ? 'csv' : 'json';
        const file = flags[format] === '-' ? '/dev/stdin' : flags[format];
        if (flags.to !== undefined && file !== undefined)
          program.error(`--${format} and --to exclude each other`);
        finish(
          await produce(loadJob(flags), {
            recordsPerSecond: flags.rate,
            count: flags.count,
            garbageShare: flags.garbage,
            seed: flags.seed,
            text: flags.text,
            quiet: flags.quiet,
            repeat: flags.repeat,
            ...(flags.separator === undefined ? {} : { separator: flags.separator }),
            generate: flags.generate ?? 'fitted',
            customers: flags.customers,
            terminals: flags.terminals,
            format,
            ...(file === undefined ? {} : { file }),
            ...(flags.to === undefined ? {} : { to: flags.to }),
          }),
        );
      },
    );
};
