// The command line: a list of commands. What a command does, and which options it has, is in
// commands/.

import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './base/errors.ts';
import { placeOfKey, type Register } from './commands/options.ts';
import { complain } from './commands/say.ts';
import { errorInWords, usageInWords } from './commands/usage.ts';
import { scorelaneVersion } from './daemon/versions.ts';
import { output } from './process.ts';
import { answerSignals, endAtOnce } from './signals.ts';

/**
 * In the order in which the help lists them. Only the one that is named is loaded: that is half of
 * the time that a command takes which only looks.
 */
const COMMANDS: ReadonlyMap<string, () => Promise<Register>> = new Map([
  ['demo', async () => (await import('./commands/demo.ts')).registerDemo],
  ['run', async () => (await import('./commands/run.ts')).registerRun],
  ['init', async () => (await import('./commands/init.ts')).registerInit],
  ['check', async () => (await import('./commands/check.ts')).registerCheck],
  ['tune', async () => (await import('./commands/tune.ts')).registerTune],
  ['produce', async () => (await import('./commands/produce.ts')).registerProduce],
  ['score', async () => (await import('./commands/score.ts')).registerScore],
  ['features', async () => (await import('./commands/features.ts')).registerFeatures],
  ['models', async () => (await import('./commands/models.ts')).registerModels],
  ['tail', async () => (await import('./commands/tail.ts')).registerTail],
  ['replay', async () => (await import('./commands/replay.ts')).registerReplay],
  ['audit', async () => (await import('./commands/audit.ts')).registerAudit],
  ['dlq', async () => (await import('./commands/dlq.ts')).registerDlq],
  ['doctor', async () => (await import('./commands/doctor.ts')).registerDoctor],
]);

const program = new Command('scorelane')
  .description('Scores Kafka streams with TensorFlow.js: every record, at least once.')
  .version(scorelaneVersion)
  // Behind a command, an option is the command's own: `models import --version 2`.
  .enablePositionalOptions()
  .showSuggestionAfterError()
  // What is wrong is said below, in words of ours.
  .configureOutput({ outputError: () => {} })
  .exitOverride();

// `run` and `demo` answer signals themselves: the daemon ends in order, even if the signal comes
// before it has begun.
program.hook('preAction', (_, command) => {
  if (!['run', 'demo'].includes(command.name())) answerSignals(endAtOnce);
});

let exitCode: number = EXIT.ok;

const named = COMMANDS.get(process.argv[2] ?? '');
for (const load of named === undefined ? COMMANDS.values() : [named]) {
  const register = await load();
  register(program, (code) => {
    exitCode = code;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (exitCode !== EXIT.ok && error.code !== 'commander.help')
      complain(inUsage(error, process.argv.slice(2)));
  } else {
    exitCode = exitCodeOf(error);
    complain(errorInWords(error, placeOfKey));
  }
}

/** What is wrong, and where the help is for the command that was meant. */
function inUsage(error: CommanderError, words: readonly string[]): string {
  const names = ['scorelane'];
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
    names.push(word);
  }
  const options = command.options.map(({ long }) => long ?? '');
  return `${usageInWords(error, words, options)}\nsee ${names.join(' ')} --help`;
}

// What was printed last may not be written yet.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
// A reader that closed its pipe had enough. On a full disk something is missing.
if (exitCode === EXIT.ok && output.failure !== null && output.failure.code !== 'EPIPE')
  exitCode = EXIT.cantCreate;
process.exit(exitCode);
