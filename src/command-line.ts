// The command line: a list of commands. What a command does, and which options it has, is in
// commands/.

import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './base/errors.ts';
import { registerAudit } from './commands/audit.ts';
import { registerCheck } from './commands/check.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDlq } from './commands/dlq.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerFeatures } from './commands/features.ts';
import { registerInit } from './commands/init.ts';
import { registerModels } from './commands/models.ts';
import { placeOfKey, type Register } from './commands/options.ts';
import { registerProduce } from './commands/produce.ts';
import { registerReplay } from './commands/replay.ts';
import { registerRun } from './commands/run.ts';
import { complain } from './commands/say.ts';
import { registerScore } from './commands/score.ts';
import { registerTail } from './commands/tail.ts';
import { registerTune } from './commands/tune.ts';
import { errorInWords, usageInWords } from './commands/usage.ts';
import { scorelaneVersion } from './daemon/versions.ts';
import { output } from './process.ts';
import { answerSignals, endAtOnce } from './signals.ts';

/** In the order in which the help lists them. */
const COMMANDS: readonly Register[] = [
  registerDemo,
  registerRun,
  registerInit,
  registerCheck,
  registerTune,
  registerProduce,
  registerScore,
  registerFeatures,
  registerModels,
  registerTail,
  registerReplay,
  registerAudit,
  registerDlq,
  registerDoctor,
];

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

for (const register of COMMANDS) {
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
