// `npm run bench -- SCENARIO`: measures, audits what came out, and writes a report. `list` and
// `compare` beside it.

import '../src/process.ts';
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { EXIT, exitCodeOf } from '../src/base/errors.ts';
import { FORMATS } from '../src/codec/codecs.ts';
import { commandLine } from '../src/config/effective.ts';
import { BACKENDS } from '../src/model/predictor.ts';
import type { Options, Scenario } from './harness/bench.ts';
import { kafkaLog } from './harness/kafka-log.ts';
import { memoryLog } from './harness/memory-log.ts';
import { type Result, VoidRunError } from './harness/result.ts';
import { runScenario } from './harness/run-scenario.ts';
import { mlp } from './models/mlp.ts';
import { compare } from './report/compare.ts';
import { markdown } from './report/markdown.ts';
import { writeResult } from './report/write.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { KINDS } from './scenarios/live.ts';
import { PEERS } from './scenarios/peers.ts';

const number = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number above 0');
  return value;
};
const whole = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected a whole number above 0');
  return Number(text);
};
const notNegative = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('expected 0 or more');
  return value;
};
const listOf =
  <T>(parse: (text: string) => T) =>
  (text: string): T[] =>
    text.split(',').map(parse);
const oneOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T => {
    const found = known.find((each) => each === text);
    if (found === undefined) throw new InvalidArgumentError(`expected some of ${known.join(', ')}`);
    return found;
  };
const model = (text: string): string => {
  try {
    return mlp(text).name;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};

/** How each option is written; a scenario has those that it has a default for. */
const FLAGS: Readonly<Record<keyof Options, readonly [string, string, (text: string) => unknown]>> = {
  count: ['--count <n>', 'records, with 30 features each; fewer of wider ones', whole],
  seconds: ['--seconds <n>', 'how long each load lasts', number],
  warmUp: ['--warm-up <seconds>', 'how much of it is not measured', number],
  moves: ['--moves <n>', 'how often the version that serves goes forward and back', whole],
  rounds: ['--rounds <n>', 'how often all is measured', whole],
  minutes: ['--minutes <n>', 'how long it lasts', number],
  workers: ['--workers <n>', 'worker threads of a daemon', whole],
  rate: ['--rate <n>', 'records a second', number],
  rates: ['--rates <n,n>', 'records a second, of each load', listOf(number)],
  partitions: ['--partitions <n>', 'partitions of each topic', whole],
  instances: ['--instances <n>', 'daemons in one group, at most', whole],
  formats: ['--format <names>', `formats of the records: ${FORMATS.join(', ')}`, listOf(oneOf(FORMATS))],
  models: ['--model <names>', 'models by their layers, such as mlp-30-64-32-1', listOf(model)],
  backends: ['--backend <names>', `backends: ${BACKENDS.join(', ')}`, listOf(oneOf(BACKENDS))],
  peers: [
    '--peers <names>',
    `what to measure against: ${PEERS.join(', ')}; none for nothing`,
    listOf(oneOf([...PEERS, 'rust', 'none'])),
  ],
  linger: ['--linger <ms>', 'linger.ms of the producer of the load', notNegative],
  burst: [
    '--burst <n>',
    'records that come together at the start of every second, besides the rate',
    notNegative,
  ],
  kinds: ['--kinds <names>', `how scorelane runs: ${KINDS.join(', ')}`, listOf(oneOf(KINDS))],
  rust: ['--rust <path>', 'the peer in Rust: its program, or its source for cargo', (text) => text],
};

interface Flags extends Partial<Options> {
  readonly brokers?: string;
  readonly log: 'kafka' | 'memory';
  readonly out: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly format?: Options['formats'];
  readonly model?: Options['models'];
  readonly backend?: Options['backends'];
}

let exitCode: number = EXIT.ok;
const program = new Command('npm run bench --')
  .description('Load-tests scorelane; every run audits its own output. Without --brokers it starts one.')
  .showHelpAfterError()
  .exitOverride();

for (const scenario of SCENARIOS) {
  const command = program
    .command(scenario.name)
    .description(scenario.measures)
    .option('--brokers <addresses>', 'brokers to measure on, which may be loaded; else one is started here')
    .option('--log <kind>', 'kafka, or memory: the embedded log', oneOf(['kafka', 'memory']), 'kafka')
    .option('--out <folder>', 'where the report goes', 'bench-results')
    .option('--config <file>', `another configuration than bench/scenarios/${scenario.config}`)
    .option(
      '--set <key=value>',
      'override one key of it; may be given again',
      (value, all) => [...all, value],
      [] as string[],
    );
  for (const name of Object.keys(scenario.defaults) as (keyof Options)[]) {
    const [flag, description, parse] = FLAGS[name];
    command.option(flag, `${description} (default: ${scenario.defaults[name]})`, parse as never);
  }
  command.action(async (flags: Flags) => {
    await run(scenario, flags);
  });
}

program
  .command('list')
  .description('names the scenarios')
  .action(() => {
    const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
    for (const { name, measures } of SCENARIOS) console.log(`${name.padEnd(width)}  ${measures}`);
  });

program
  .command('compare')
  .description('prints what changed from one result to another, with its spread')
  .argument('<before.json>')
  .argument('<after.json>')
  .action((before: string, after: string) => {
    try {
      console.log(compare(readResult(before), readResult(after)));
    } catch (error) {
      program.error(`cannot compare: ${(error as Error).message}`);
    }
  });

/** Throws an `Error` that names the file when it is no result of the bench. */
function readResult(file: string): Result {
  let result: Partial<Result>;
  try {
    result = JSON.parse(readFileSync(file, 'utf8')) as Partial<Result>;
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
  if (result.scenario === undefined || result.runs === undefined || result.metrics === undefined)
    throw new Error(`${file} is no result of the bench: expected the JSON that a scenario writes`);
  return result as Result;
}

async function run(scenario: Scenario, flags: Flags): Promise<void> {
  const { brokers, log: kind, out, config, set, format, model: models, backend, ...rest } = flags;
  if (kind === 'memory' && (scenario.needsKafka === true || brokers !== undefined))
    program.error(`${scenario.name} needs Kafka: it cannot run on the embedded log with these options`);
  const options: Partial<Options> = {
    ...rest,
    ...(format === undefined ? {} : { formats: format }),
    ...(models === undefined ? {} : { models }),
    ...(backend === undefined ? {} : { backends: backend }),
  };
  const log = kind === 'memory' || scenario.needsLog === false ? memoryLog() : await kafkaLog(brokers);
  try {
    const result = await runScenario(scenario, log, {
      options,
      settings: set,
      command: commandLine('npm run bench --', process.argv.slice(2)),
      say: (text) => console.error(text),
      ...(config === undefined ? {} : { config }),
    });
    console.log(markdown(result));
    console.log(`written: ${writeResult(out, result).join(', ')}`);
  } finally {
    await log.stop();
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else if (error instanceof VoidRunError) {
    exitCode = EXIT.data;
    console.error(`the run is void: ${error.message}`);
  } else {
    exitCode = exitCodeOf(error);
    console.error(exitCode === EXIT.internal ? (error as Error).stack : (error as Error).message);
  }
}
process.exit(exitCode);
