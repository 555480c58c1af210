// `scorelane doctor`: says which backends can be used, which cannot and why, and what would help.
// It fails if none can score; with --strict, if anything is missing.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../base/errors.ts';
import { packageFolder } from '../base/package-folder.ts';
import { versions } from '../daemon/versions.ts';
import { loadKafkaJs } from '../kafka/seam.ts';
import { probeBackends } from '../model/backend-probe.ts';
import { BACKENDS, type Backend } from '../model/predictor.ts';
import { findVersion } from '../model/repository.ts';
import type { Register } from './options.ts';

const OWN = join(packageFolder, 'native-models');

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `isStrict`: whether everything must be there, what only tests and tools need too. */
export async function doctor(modelFolder: string, isStrict: boolean): Promise<number> {
  const backends: Finding[] = [];
  for (const backend of BACKENDS) backends.push(await findBackend(backend, modelFolder));
  const findings = [
    finding('Node', () => `${process.version} on ${process.arch}, ${availableParallelism()} cores`),
    finding('kafkajs seam', () => {
      loadKafkaJs();
      return `kafkajs ${versions().kafkajs}`;
    }),
    ...backends,
    program('java', ['-version'], '"npm run broker" and the tests need Java 17'),
    program('mvn', ['-B', '-v'], '"npm run broker" and the tests need Maven'),
    program('python3', ['--version'], '"npm run native" and the tests need Python 3 with venv'),
    program('g++', ['--version'], '"npm run native" needs a C++ compiler'),
  ];
  for (const { what, ok, detail } of findings) {
    process.stdout.write(`${ok ? 'ok     ' : 'missing'}  ${what.padEnd(14)}  ${detail}\n`);
  }
  const isEnough = isStrict ? findings.every(({ ok }) => ok) : backends.some(({ ok }) => ok);
  return isEnough ? EXIT.ok : EXIT.unavailable;
}

function finding(what: string, look: () => string): Finding {
  try {
    return { what, ok: true, detail: look() };
  } catch (error) {
    return { what, ok: false, detail: (error as Error).message };
  }
}

async function findBackend(backend: Backend, modelFolder: string): Promise<Finding> {
  const what = `backend ${backend}`;
  try {
    const { reports } = await probeBackends({ modelFolder, wanted: backend, batchRecords: 512 });
    const [report] = reports;
    return {
      what,
      ok: true,
      detail: `${report?.runtime}, ${report?.microsPerRecord?.toFixed(2)} us a record`,
    };
  } catch (error) {
    return { what, ok: false, detail: (error as Error).message };
  }
}

function program(name: string, args: readonly string[], why: string): Finding {
  const { error, status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) return { what: name, ok: false, detail: why };
  return { what: name, ok: true, detail: `${stdout}${stderr}`.split('\n')[0] as string };
}

export const registerDoctor: Register = (program, finish) => {
  program
    .command('doctor')
    .description('say what is here, what is missing and why')
    .option(
      '--repository <folder>',
      "model repository to try the backends with; the package's own unless given",
    )
    .option('--model <name>', 'model to try them with', 'creditcard')
    .option('--strict', 'exit with 69 if anything is missing', false)
    .action(
      async ({
        repository = OWN,
        model,
        strict,
      }: {
        repository?: string;
        model: string;
        strict: boolean;
      }) => {
        finish(await doctor(findVersion(repository, model, 'latest'), strict));
      },
    );
};
