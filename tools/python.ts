// A Python with the packages that tests and bench compare against: librdkafka (through
// confluent-kafka), TensorFlow, onnxruntime, and those that give ONNX models. It is made once, in
// the user's cache.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';
import { isMade, virtualEnvironment } from './virtual-environment.ts';

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

export interface Python {
  readonly executable: string;
  /** The folder of the installed package `tensorflow`, with its shared libraries and headers. */
  readonly tensorflowFolder: string;
}

/**
 * Makes the virtual environment if it is missing. Rejects if python3, venv or a package is missing.
 */
export async function ensurePython(): Promise<Python> {
  const executable = join(await virtualEnvironment(ENVIRONMENT, PACKAGES), 'python');
  const site = await run(executable, ['-c', 'import sysconfig; print(sysconfig.get_path("platlib"))']);
  return { executable, tensorflowFolder: join(site.trim(), 'tensorflow') };
}

/** The Python with the clients. Rejects as `ensurePython`. */
export async function ensureClients(): Promise<string> {
  return join(await virtualEnvironment(CLIENTS_ENVIRONMENT, CLIENTS), 'python');
}

/**
 * The folder of TensorFlow's libraries and headers: out of that environment if it is there, else of
 * its wheel alone, which is a tenth of it.
 */
export async function tensorflowFiles(): Promise<string> {
  if (isMade(ENVIRONMENT)) return (await ensurePython()).tensorflowFolder;
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
