// Pythons with the packages that tests and bench compare against: librdkafka (through confluent-kafka) and TensorFlow. Also
// where `npm run native` takes TensorFlow's C library from. Each is made once, in the user's cache.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';

export const TENSORFLOW_VERSION = '2.20.0';
const PACKAGES = [`tensorflow-cpu==${TENSORFLOW_VERSION}`, 'confluent-kafka==2.16.1', 'msgpack==1.2.4'];
const BENCH_PACKAGES = [...PACKAGES, 'onnxruntime==1.23.2'];

export interface Python {
  readonly executable: string;
  /** The folder of the installed package `tensorflow`: its shared libraries and headers are in it. */
  readonly tensorflowFolder: string;
}

/** The Python of the tests. Rejects when python3, venv or a package is missing. */
export const ensurePython = (): Promise<Python> => ensure(`python-tf${TENSORFLOW_VERSION}-1`, PACKAGES);

/** That of the peers in Python: with onnxruntime too. */
export const ensureBenchPython = (): Promise<Python> =>
  ensure(`python-bench-tf${TENSORFLOW_VERSION}-1`, BENCH_PACKAGES);

async function ensure(name: string, packages: readonly string[]): Promise<Python> {
  const folder = cacheFolder(name);
  const executable = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    await run('python3', ['-m', 'venv', folder]);
    await run(executable, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
    writeFileSync(complete, '');
  }
  const site = await run(executable, ['-c', 'import sysconfig; print(sysconfig.get_path("platlib"))']);
  return { executable, tensorflowFolder: join(site.trim(), 'tensorflow') };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log((await ensurePython()).executable);
