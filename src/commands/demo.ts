// `scorelane demo`: what the package can do, in an empty folder: its own configuration, model and
// generated history, in the embedded log.

import { join } from 'node:path';
import { packageFolder } from '../base/package-folder.ts';
import { collect, durationArgument, loadWith, type Register, withQuiet } from './options.ts';
import { runDaemon } from './run.ts';

interface DemoFlags {
  readonly for?: number;
  readonly set: readonly string[];
  readonly quiet: boolean;
}

export const registerDemo: Register = (program, finish) => {
  withQuiet(program.command('demo'))
    .description('score a generated history of card transactions, without Kafka, until Ctrl-C')
    .option('--for <duration>', 'stop by itself after so long', durationArgument)
    .option('--set <key=value>', 'override one key; may be given again', collect, [])
    .action(async ({ for: forMs, set, quiet }: DemoFlags) => {
      const config = join(packageFolder, 'config', 'demo.yaml');
      const repository = `model.repository=${join(packageFolder, 'native-models')}`;
      finish(
        await runDaemon(loadWith({ config, set: [repository, ...set], quiet }), {
          failFast: false,
          resumeDedupe: false,
          quiet,
          ...(forMs === undefined ? {} : { forMs }),
        }),
      );
    });
};
