// `scorelane models distribution`: records how features and outputs are distributed, for a version
// that lacks it. It becomes a new version, as versions never change.

import { EXIT } from '../base/errors.ts';
import { addDistribution } from '../importing/add-distribution.ts';
import { withRepository } from './models-options.ts';
import type { Register } from './options.ts';
import { say } from './say.ts';

interface DistributionFlags {
  readonly repository: string;
  readonly version?: string;
  readonly samples: string;
}

async function record(name: string, flags: DistributionFlags): Promise<number> {
  const added = await addDistribution({ ...flags, name });
  say(`recorded  ${added.columns} columns of ${added.records} records of ${flags.samples}`);
  say(`written   ${name} version ${added.version}, version ${added.from} otherwise: ${added.folder}`);
  return EXIT.ok;
}

export const registerDistribution: Register = (models, finish) => {
  withRepository(
    models
      .command('distribution')
      .description('record how features and outputs are distributed, for drift, as a new version')
      .argument('<name>', 'the model')
      .requiredOption('--samples <file>', 'records as it was trained on: JSON lines or CSV')
      .option('--version <n>', 'the one to take over; the latest unless given'),
  ).action(async (name: string, flags: DistributionFlags) => {
    finish(await record(name, flags));
  });
};
