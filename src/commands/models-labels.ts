// `scorelane models promote`, `rollback` and `pin`: move the labels of a model's versions. Daemons
// that watch the repository follow.

import type { Command } from 'commander';
import { EXIT } from '../base/errors.ts';
import { type LabelsMove, moveLabels } from '../daemon/moved-labels.ts';
import { LABEL_NAME, STABLE } from '../versions/labels.ts';
import { pinned, promoted, rolledBack } from '../versions/move-labels.ts';
import { withRepository } from './models-options.ts';
import { argument, type Register } from './options.ts';
import { say } from './say.ts';

function move(repository: string, model: string, how: LabelsMove): number {
  say(moveLabels(repository, model, how));
  return EXIT.ok;
}

const label = argument(
  (text) => (LABEL_NAME.test(text) ? text : undefined),
  'a label of small letters, digits and hyphens, such as stable',
);
const withLabel = (command: Command): Command =>
  withRepository(command).option('--label <name>', 'which label moves', label, STABLE);

interface Flags {
  readonly repository: string;
  readonly version?: string;
  readonly label: string;
  readonly off: boolean;
}

export const registerLabels: Register = (models, finish) => {
  withLabel(models.command('promote <model>'))
    .description('label a version, as stable unless said otherwise: daemons that serve the label follow')
    .option('--version <version>', 'which; else the canary, or the highest number')
    .action((model: string, { repository, version, label }: Flags) => {
      const now = new Date();
      finish(move(repository, model, (...given) => promoted(...given, { version, label, now })));
    });
  withLabel(models.command('rollback <model>'))
    .description('take back the last promotion; without labels, pin the version before the highest number')
    .action((model: string, { repository, label }: Flags) => {
      finish(move(repository, model, (...given) => rolledBack(...given, { label, now: new Date() })));
    });
  withRepository(models.command('pin <model>'))
    .description('let a version serve whatever is added or promoted, until --off')
    .option('--version <version>', 'which')
    .option('--off', 'pin none any more', false)
    .action((model: string, { repository, version, off }: Flags, command: Command) => {
      if (off === (version !== undefined)) command.error('error: expected one of --version and --off');
      const now = new Date();
      finish(
        move(repository, model, (...given) =>
          pinned(...given, { version: off ? null : (version ?? null), now }),
        ),
      );
    });
};
