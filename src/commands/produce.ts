// `scorelane produce`: a load source for the configured input topic. The records come from a CSV
// file or are generated.

import { Option } from 'commander';
import { EXIT } from '../base/errors.ts';
import type { LoadedConfig } from '../config/load.ts';
import { GENERATED, type Generated } from '../config/schema.ts';
import { modelFolder, writingCodec } from '../daemon/configured-model.ts';
import { UnavailableError } from '../daemon/errors.ts';
import { connectSink, impatient, openSink } from '../daemon/open-log.ts';
import { requireRights } from '../daemon/rights.ts';
import { fieldsOf } from '../features/spec.ts';
import { readCsv, repeatRows } from '../load/csv.ts';
import type { LoadRecord } from '../load/load-record.ts';
import { runLoad } from '../load/load-source.ts';
import { CsvDataError } from '../load/rows.ts';
import { readManifest } from '../model/manifest.ts';
import { answerSignals } from '../signals.ts';
import { createLogger } from '../telemetry/log.ts';
import { after } from '../time/timer.ts';
import { generated, writeGenerated } from './generated.ts';
import {
  type ConfigFlags,
  countArgument,
  loadWith,
  type Register,
  rateArgument,
  shareArgument,
  withConfig,
} from './options.ts';

export interface ProduceOptions {
  /** A CSV file of numbers with a header line. */
  readonly csv?: string;
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
}

export async function produce({ config }: LoadedConfig, options: ProduceOptions): Promise<number> {
  if (options.to !== undefined) return writeGenerated(config, options, options.to);
  if (config.log !== 'kafka') {
    throw new UnavailableError('produce needs log: kafka; the embedded log lives inside of the daemon only');
  }
  const logger = createLogger(config.telemetry.logLevel, config.telemetry.logFormat);
  const fields = readManifest(modelFolder(config)).inputs.flatMap(fieldsOf);
  const records = options.csv === undefined ? generated(config, options) : fromCsv(options.csv, fields);
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
  try {
    const { sent, spoilt, seconds } = await runLoad(
      {
        sink,
        topic: config.input.topic,
        codec: writingCodec(config),
        records,
        recordsPerSecond: options.recordsPerSecond,
        count: options.count,
        batchBytesMax: config.limits.resultBatchBytes,
        garbage: { share: options.garbageShare, field: fields.at(-1) ?? '' },
      },
      stop.signal,
    );
    const rate = Math.round(sent / Math.max(0.001, seconds));
    process.stdout.write(
      `sent ${sent} records, ${spoilt} of them spoilt, to ${config.input.topic} in ${seconds.toFixed(1)} s: ${rate} records/s\n`,
    );
  } finally {
    await sink.stop();
  }
  return EXIT.ok;
}

function fromCsv(file: string, fields: readonly string[]): Iterator<LoadRecord> {
  const rows = readCsv(file);
  const missing = fields.filter((field) => rows[0]?.[field] === undefined);
  if (missing.length > 0)
    throw new CsvDataError(`${file} lacks columns that the model needs: ${missing.join(', ')}`);
  return repeatRows(rows);
}

export const registerProduce: Register = (program, finish) => {
  withConfig(program, 'produce', 'send transactions to the input topic')
    .option('--csv <file>', 'rows of numbers with a header line, again and again')
    .addOption(
      new Option(
        '--generate <what>',
        'fitted to the model, or transactions of customers at terminals',
      ).choices(GENERATED),
    )
    .option('--customers <n>', 'of the generated transactions', countArgument, 5000)
    .option('--terminals <n>', 'of the generated transactions', countArgument, 10_000)
    .option('--to <file>', 'write --count generated transactions to a CSV file instead')
    .option('--rate <n>', 'records a second, or max', rateArgument, 1000)
    .option('--count <n>', 'how many records', countArgument, Number.POSITIVE_INFINITY)
    .option('--garbage <share>', 'share of records to spoil, 0 to 1', shareArgument, 0)
    .option('--seed <n>', 'seed of the generated transactions', countArgument, 1)
    .action(
      async (
        flags: ConfigFlags & {
          csv?: string;
          generate?: Generated;
          customers: number;
          terminals: number;
          to?: string;
          rate: number;
          count: number;
          garbage: number;
          seed: number;
        },
      ) => {
        if (flags.csv !== undefined && flags.generate !== undefined)
          program.error('--csv and --generate exclude each other');
        if (flags.to !== undefined && !Number.isFinite(flags.count))
          program.error('--to needs --count: what is generated has no end');
        if (flags.to !== undefined && flags.csv !== undefined)
          program.error('--csv and --to exclude each other');
        finish(
          await produce(loadWith(flags), {
            recordsPerSecond: flags.rate,
            count: flags.count,
            garbageShare: flags.garbage,
            seed: flags.seed,
            generate: flags.generate ?? 'fitted',
            customers: flags.customers,
            terminals: flags.terminals,
            ...(flags.csv === undefined ? {} : { csv: flags.csv }),
            ...(flags.to === undefined ? {} : { to: flags.to }),
          }),
        );
      },
    );
};
