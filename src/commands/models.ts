// `scorelane models`: from what somebody has saved to a version in the model repository, and what
// is in a repository.

import { registerDistribution } from './models-distribution.ts';
import { registerFetch } from './models-fetch.ts';
import { registerImport } from './models-import.ts';
import { registerInspect } from './models-inspect.ts';
import { registerLabels } from './models-labels.ts';
import { registerList } from './models-list.ts';
import { registerReport } from './models-quality.ts';
import { registerVerify } from './models-verify.ts';
import type { Register } from './options.ts';

export const registerModels: Register = (program, finish) => {
  const models = program
    .command('models')
    .description('import saved models, look into them, check them, and say which version serves');
  for (const register of [
    registerDistribution,
    registerFetch,
    registerImport,
    registerInspect,
    registerLabels,
    registerList,
    registerReport,
    registerVerify,
  ])
    register(models, finish);
};
