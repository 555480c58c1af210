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
import type { Register } from './commands/options.ts';
import { registerProduce } from './commands/produce.ts';
import { registerRun } from './commands/run.ts';
import { registerTail } from './commands/tail.ts';
import { scorelaneVersion } from './daemon/versions.ts';
import { output } from './process.ts';
import { answerSignals, endAtOnce } from './signals.ts';

/** In the order in which the help lists them. */
const COMMANDS: readonly Register[] = [
  registerDemo,
  registerRun,
  registerCheck,
  registerProduce,
  registerFeatures,
  registerTail,
  registerAudit,
  registerDlq,
  registerDoctor,
];

const program = new Command('scorelane')
  .description('Scores Kafka streams with TensorFlow.js: every record, at least once.')
  .version(scorelaneVersion)
  .showHelpAfterError()
  .showSuggestionAfterError()
  .configureOutput({
    // An unexpected word may be a part of a secret that the shell has cut in two: it is not
    // printed.
    outputError: (text, write) => write(text.replace(/( but got \d+): .*/s, '$1.\n')),
  })
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
  } else {
    exitCode = exitCodeOf(error);
    process.stderr.write(
      `scorelane: ${exitCode === EXIT.internal ? (error as Error).stack : (error as Error).message}\n`,
    );
  }
}
// A reader that closed its pipe had enough. On a full disk something is missing.
if (exitCode === EXIT.ok && output.failure !== null && output.failure.code !== 'EPIPE')
  exitCode = EXIT.cantCreate;
process.exit(exitCode);
