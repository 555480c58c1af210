// The command line. Parses words and hands over; what a command does is in commands/.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { closest } from 'fastest-levenshtein';
import { EXIT, exitCodeOf } from './base/errors.ts';
import { auditCommand } from './commands/audit.ts';
import { check } from './commands/check.ts';
import { dlqList, dlqShow } from './commands/dlq.ts';
import { doctor } from './commands/doctor.ts';
import { type FeaturesOptions, features } from './commands/features.ts';
import { produce } from './commands/produce.ts';
import { dlqRedrive } from './commands/redrive.ts';
import { runDaemon } from './commands/run.ts';
import { type LoadedConfig, loadConfig } from './config/load.ts';
import { GENERATED, type Generated } from './config/schema.ts';
import { parseDuration } from './config/units.ts';
import { scorelaneVersion } from './daemon/versions.ts';
import { CODES, type Code } from './features/rejection.ts';
import { findVersion } from './model/repository.ts';
import { output } from './process.ts';
import { answerSignals, endAtOnce } from './signals.ts';
import { createLogger } from './telemetry/log.ts';

interface ConfigFlags {
  readonly config: string;
  readonly set: readonly string[];
}

interface RunFlags {
  readonly for?: number;
  readonly summary?: string;
  readonly failFast: boolean;
  readonly resumeDedupe: boolean;
}

function load({ config, set }: ConfigFlags): LoadedConfig {
  const loaded = loadConfig({ file: config, flags: set, environment: process.env });
  const logger = createLogger(loaded.config.telemetry.logLevel, loaded.config.telemetry.logFormat);
  for (const warning of loaded.warnings) logger.warn(warning);
  return loaded;
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

/** An argument parser that says what it expected. */
function argument<T>(parse: (text: string) => T | undefined, expected: string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`expected ${expected}`);
    return value;
  };
}

const duration = argument((text) => {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}, 'a duration such as 500ms, 10s or 5m');
const time = argument((text) => {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}, 'a time such as 2026-01-31T12:00:00Z');
const rate = argument(
  (text) => (text === 'max' ? Number.POSITIVE_INFINITY : Number(text) > 0 ? Number(text) : undefined),
  'records a second, or max',
);
const count = argument(
  (text) => (/^\d+$/.test(text) && Number(text) > 0 ? Number(text) : undefined),
  'a whole number',
);
const share = argument(
  (text) => (Number(text) >= 0 && Number(text) <= 1 ? Number(text) : undefined),
  '0 to 1',
);

const code = (text: string): Code => {
  const found = CODES.find((known) => known === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    `no dead letter has it; did you mean ${closest(text.toUpperCase(), CODES)}?`,
  );
};

const program = new Command('scorelane')
  .description('Scores Kafka streams with TensorFlow.js: every record, at least once.')
  .version(scorelaneVersion)
  .showHelpAfterError()
  .showSuggestionAfterError()
  .configureOutput({
    // A word too many may be the end of a secret that the shell has cut in two.
    outputError: (text, write) => write(text.replace(/( but got \d+): .*/s, '$1.\n')),
  })
  .exitOverride();

// A daemon ends in order, also one that is told to before it has begun: it answers for itself.
program.hook('preAction', (_, command) => {
  if (command.name() !== 'run') answerSignals(endAtOnce);
});

const withConfig = (name: string, description: string, parent: Command = program): Command =>
  parent
    .command(name)
    .description(description)
    .requiredOption('--config <file>', 'YAML file; every key: config/reference.yaml')
    .option('--set <key=value>', 'override one key; may be given again', collect, []);

let exitCode: number = EXIT.ok;

withConfig('run', 'score the input topic until told to stop')
  .option(
    '--for <duration>',
    'stop by itself after so long of scoring, or of waiting for what is not ready',
    duration,
  )
  .option('--summary <file>', 'write the closing summary as JSON')
  .option('--fail-fast', 'exit when the broker is away at start, instead of waiting for it', false)
  .option(
    '--resume-dedupe',
    'read the ends of the outputs at start, and do not score again what is answered there',
    false,
  )
  .action(async (flags: ConfigFlags & RunFlags) => {
    exitCode = await runDaemon(load(flags), {
      failFast: flags.failFast,
      resumeDedupe: flags.resumeDedupe,
      ...(flags.for === undefined ? {} : { forMs: flags.for }),
      ...(flags.summary === undefined ? {} : { summaryFile: flags.summary }),
    });
  });

withConfig('check', 'validate the configuration, the model, the broker and the topics').action(
  async (flags: ConfigFlags) => {
    exitCode = await check(load(flags));
  },
);

withConfig('produce', 'send transactions to the input topic')
  .option('--csv <file>', 'rows of numbers with a header line, again and again')
  .addOption(
    new Option('--generate <what>', 'fitted to the model, or transactions of customers at terminals').choices(
      GENERATED,
    ),
  )
  .option('--customers <n>', 'of the generated transactions', count, 5000)
  .option('--terminals <n>', 'of the generated transactions', count, 10_000)
  .option('--to <file>', 'write --count generated transactions to a CSV file instead')
  .option('--rate <n>', 'records a second, or max', rate, 1000)
  .option('--count <n>', 'how many records', count, Number.POSITIVE_INFINITY)
  .option('--garbage <share>', 'share of records to spoil, 0 to 1', share, 0)
  .option('--seed <n>', 'seed of the generated transactions', count, 1)
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
      exitCode = await produce(load(flags), {
        recordsPerSecond: flags.rate,
        count: flags.count,
        garbageShare: flags.garbage,
        seed: flags.seed,
        generate: flags.generate ?? 'fitted',
        customers: flags.customers,
        terminals: flags.terminals,
        ...(flags.csv === undefined ? {} : { csv: flags.csv }),
        ...(flags.to === undefined ? {} : { to: flags.to }),
      });
    },
  );

withConfig('features', "write the feature matrix of a CSV file, by the model's own plan")
  .requiredOption('--csv <file>', 'rows with a header line, in the order of the log')
  .requiredOption('--out <file>', 'where to write the matrix, as CSV')
  .option('--timestamp <column>', "the record's timestamp: milliseconds since 1970, or ISO 8601")
  .option('--key <column>', "the record's key")
  .option('--keep <column>', 'a column to write in front of the features; may be given again', collect, [])
  .option(
    '--text <column>',
    'a column that is text, also where it looks like a number; may be given again',
    collect,
    [],
  )
  .action(async (flags: ConfigFlags & FeaturesOptions) => {
    exitCode = await features(load(flags), flags);
  });

withConfig(
  'audit',
  'hold input, results and dead letters against each other; exits 1 when an answer is missing',
)
  .option('--from <time>', 'input from this record timestamp on, as ISO 8601', time)
  .option('--to <time>', 'input up to this record timestamp, as ISO 8601', time)
  .option('--json', 'print the report as JSON', false)
  .action(async (flags: ConfigFlags & { from?: number; to?: number; json: boolean }) => {
    exitCode = await auditCommand(load(flags), {
      json: flags.json,
      ...(flags.from === undefined ? {} : { fromMs: flags.from }),
      ...(flags.to === undefined ? {} : { toMs: flags.to }),
    });
  });

const dlq = program.command('dlq').description('look at dead letters, and send them back to the input');
const only = (flags: { code?: Code }): { code?: Code } =>
  flags.code === undefined ? {} : { code: flags.code };

withConfig('list', 'count them by reason', dlq)
  .option('--code <code>', 'only those of this code', code)
  .action(async (flags: ConfigFlags & { code?: Code }) => {
    exitCode = await dlqList(load(flags), only(flags));
  });

withConfig('show', 'print them, one JSON object a line', dlq)
  .option('--code <code>', 'only those of this code', code)
  .option('--limit <n>', 'how many', count, 20)
  .action(async (flags: ConfigFlags & { code?: Code; limit: number }) => {
    exitCode = await dlqShow(load(flags), { ...only(flags), limit: flags.limit });
  });

withConfig('redrive', 'send those that were not sent back yet to the input again', dlq)
  .option('--code <code>', 'only those of this code; the others stay to be sent', code)
  .option('--from-beginning', 'all of them, also those that were sent back before', false)
  .action(async (flags: ConfigFlags & { code?: Code; fromBeginning: boolean }) => {
    exitCode = await dlqRedrive(load(flags), { ...only(flags), fromBeginning: flags.fromBeginning });
  });

program
  .command('doctor')
  .description('say what is here, what is missing and why')
  .option('--repository <folder>', 'model repository to try the backends with', 'native-models')
  .option('--model <name>', 'model to try them with', 'creditcard')
  .action(async ({ repository, model }: { repository: string; model: string }) => {
    exitCode = await doctor(findVersion(repository, model, 'latest'));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    exitCode = exitCodeOf(error);
    process.stderr.write(
      `scorelane: ${exitCode === EXIT.internal ? (error as Error).stack : (error as Error).message}\n`,
    );
  }
}
// A reader that closed its pipe has what it wanted; on a full disk something is missing.
if (exitCode === EXIT.ok && output.failure !== null && output.failure.code !== 'EPIPE')
  exitCode = EXIT.cantCreate;
process.exit(exitCode);
