// `scorelane models verify`: whether versions give their golden outputs, on each backend, as they
// must before they serve.

import { EXIT } from '../base/errors.ts';
import { probeBackends } from '../model/backend-probe.ts';
import { readDistribution } from '../model/distribution.ts';
import { readGolden, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { BACKENDS, type Backend, BackendMissingError } from '../model/predictor.ts';
import { findVersion, versionsIn } from '../model/repository.ts';
import { withRepository } from './models-options.ts';
import type { Register } from './options.ts';
import { say } from './say.ts';

interface VerifyFlags {
  readonly repository: string;
  readonly version?: string;
}

/** `missing`: the backend is not here, or the version has nothing for it. */
type Verdict = 'ok' | 'missing' | 'wrong';

const BATCH_RECORDS = 64;

async function verify(model: string | undefined, { repository, version }: VerifyFlags): Promise<number> {
  const folders =
    model === undefined
      ? versionsIn(repository).map(({ folder }) => folder)
      : [findVersion(repository, model, version ?? 'latest')];
  const verdicts: Verdict[] = [];
  for (const folder of folders) {
    const found: Verdict[] = [];
    for (const backend of BACKENDS) found.push(await verifyOn(backend, folder));
    // A version that runs nowhere was not verified.
    verdicts.push(...(found.includes('ok') ? found.filter((verdict) => verdict !== 'missing') : found));
  }
  if (verdicts.includes('wrong')) return EXIT.config;
  return verdicts.includes('missing') ? EXIT.unavailable : EXIT.ok;
}

async function verifyOn(backend: Backend, folder: string): Promise<Verdict> {
  const tell = (verdict: Verdict, what: string): Verdict => {
    say(`${verdict.padEnd(7)}  ${backend.padEnd(6)}  ${what}`);
    return verdict;
  };
  try {
    const { reports } = await probeBackends({
      modelFolder: folder,
      wanted: backend,
      batchRecords: BATCH_RECORDS,
    });
    const manifest = readManifest(folder);
    readDistribution(manifest, readGolden(manifest));
    const { name, version } = manifest;
    const cost = reports[0]?.microsPerRecord?.toFixed(2);
    return tell('ok', `${name} version ${version} gives its golden outputs, ${cost} us a record`);
  } catch (error) {
    if (error instanceof BackendMissingError) return tell('missing', error.message);
    if (error instanceof ModelError) return tell('wrong', error.message);
    throw error;
  }
}

export const registerVerify: Register = (models, finish) => {
  withRepository(
    models
      .command('verify')
      .description('check that versions give their golden outputs on each backend')
      .argument('[name]', 'the model; all of the repository unless given')
      .option('--version <n>', 'the latest unless given'),
  ).action(async (name: string | undefined, flags: VerifyFlags) => {
    finish(await verify(name, flags));
  });
};
