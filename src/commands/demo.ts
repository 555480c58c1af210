// `scorelane demo`: what the package can do, in an empty folder: its own configurations, models and
// generated streams, in the embedded log.

import { join } from 'node:path';
import { Argument } from 'commander';
import { packageFolder } from '../base/package-folder.ts';
import { collect, durationArgument, loadWith, type Register, withQuiet } from './options.ts';
import { runDaemon } from './run.ts';

interface DemoFlags {
  readonly for?: number;
  readonly set: readonly string[];
  readonly quiet: boolean;
}

/** The use cases, and their configurations. */
const CONFIGURATIONS = {
  fraud: 'demo.yaml',
  anomaly: 'anomaly.yaml',
  recommendation: 'recommendation.yaml',
  pricing: 'pricing.yaml',
} as const;
type UseCase = keyof typeof CONFIGURATIONS;

export const registerDemo: Register = (program, finish) => {
  withQuiet(program.command('demo'))
    .description('score the generated stream of a use case, without Kafka, until Ctrl-C')
    .addArgument(
      new Argument('[use case]', 'whose model and stream')
        .choices(Object.keys(CONFIGURATIONS))
        .default('fraud'),
    )
    .option('--for <duration>', 'stop by itself after so long', durationArgument)
    .option('--set <key=value>', 'override one key; may be given again', collect, [])
    .action(async (useCase: UseCase, { for: forMs, set, quiet }: DemoFlags) => {
      const config = join(packageFolder, 'config', CONFIGURATIONS[useCase]);
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
