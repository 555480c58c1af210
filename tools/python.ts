// A Python with the packages that tests and bench compare against: librdkafka (through
// confluent-kafka), TensorFlow, onnxruntime, and those that give ONNX models. It is made once, in
// the user's cache.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';

export const TENSORFLOW_VERSION = '2.20.0';
const TENSORFLOW = `tensorflow-cpu==${TENSORFLOW_VERSION}`;
const PACKAGES = [
  TENSORFLOW,
  'confluent-kafka==2.16.1',
  'msgpack==1.2.4',
  'onnxruntime==1.23.2',
  'pandas==2.3.3',
  'fastavro==1.12.1',
  'scikit-learn==1.9.1',
  // The same XGBoost without the hundreds of megabytes for graphics cards.
  'xgboost-cpu==3.2.0',
  'lightgbm==4.7.0',
  'onnx==1.23.2',
  'skl2onnx==1.20.0',
  'onnxmltools==1.16.0',
];

const ENVIRONMENT = `python-tf${TENSORFLOW_VERSION}-5`;

/** Clients of the protocols that are served over HTTP, in an environment of their own. */
const CLIENTS = ['tritonclient[http]==2.73.0', 'requests==2.34.2'];
const CLIENTS_ENVIRONMENT = 'python-clients-1';

const environment = (name = ENVIRONMENT) => {
  const folder = cacheFolder(name);
  return { executable: join(folder, 'bin', 'python'), complete: join(folder, 'complete') };
};

export interface Python {
  readonly executable: string;
  /** The folder of the installed package `tensorflow`, with its shared libraries and headers. */
  readonly tensorflowFolder: string;
}

/**
 * Makes the virtual environment if it is missing. Rejects if python3, venv or a package is missing.
 */
export async function ensurePython(): Promise<Python> {
  const executable = await made(ENVIRONMENT, PACKAGES);
  const site = await run(executable, ['-c', 'import sysconfig; print(sysconfig.get_path("platlib"))']);
  return { executable, tensorflowFolder: join(site.trim(), 'tensorflow') };
}

/** The Python with the clients. Rejects as `ensurePython`. */
export const ensureClients = (): Promise<string> => made(CLIENTS_ENVIRONMENT, CLIENTS);

async function made(name: string, packages: readonly string[]): Promise<string> {
  const { executable, complete } = environment(name);
  if (!existsSync(complete)) {
    await run('python3', ['-m', 'venv', cacheFolder(name)]);
    await run(executable, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
    writeFileSync(complete, '');
  }
  return executable;
}

/**
 * The folder of TensorFlow's libraries and headers: out of that environment if it is there, else of
 * its wheel alone, which is a tenth of it.
 */
export async function tensorflowFiles(): Promise<string> {
  if (existsSync(environment().complete)) return (await ensurePython()).tensorflowFolder;
  const folder = cacheFolder(`tensorflow-${TENSORFLOW_VERSION}`);
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    await run('python3', ['-m', 'venv', join(folder, 'pip')]);
    const target = ['--no-deps', '--target', folder];
    const quiet = ['--quiet', '--disable-pip-version-check'];
    await run(join(folder, 'pip', 'bin', 'python'), [
      '-m',
      'pip',
      'install',
      ...quiet,
      ...target,
      TENSORFLOW,
    ]);
    writeFileSync(complete, '');
  }
  return join(folder, 'tensorflow');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  console.log((await ensurePython()).executable);
