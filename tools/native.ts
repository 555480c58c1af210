// `npm run native`: builds @tensorflow/tfjs-node from package registries alone, for machines where
// its own installer cannot download libtensorflow. TensorFlow's C library comes from the PyPI
// wheel, the binding's two source files from the npm package, and the Node-API headers from
// `node-api-headers`. docs/decisions/0005 says why this works. With `--copy` the library is copied
// to the binding, so that node_modules can go elsewhere, into an image.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { tensorflowFiles } from './python.ts';
import { run } from './run.ts';

const VERSION = '4.22.0';
const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Our own source, besides those of the npm package. */
const OWN_SOURCE = join(import.meta.dirname, 'native-log.cc');

/** TensorFlow's C library, in the folder of its wheel. */
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/**
 * Builds what is missing, or was built by an older version of this file. Does nothing if
 * tfjs-node's own installer has worked. Reports its steps through `say`.
 */
export async function ensureNative(say: (line: string) => void, isCopied = false): Promise<void> {
  const folder = join(root, 'node_modules', '@tensorflow', 'tfjs-node');
  if (!existsSync(join(folder, 'binding'))) {
    say(`installing the JavaScript of @tensorflow/tfjs-node ${VERSION}`);
    await run('npm', ['install', '--no-save', '--ignore-scripts', `@tensorflow/tfjs-node@${VERSION}`], {
      cwd: root,
    });
  }
  const binding = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  const library = join(folder, 'deps', 'lib');
  const recipe = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .update(readFileSync(OWN_SOURCE))
    .digest('hex');
  const built = `${binding}.built`;
  const isOurs = lstatSync(library, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const isOld = isOurs && !(existsSync(built) && readFileSync(built, 'utf8') === recipe);
  if (existsSync(binding) && !isOld) {
    say(`the binding is there: ${binding}`);
    return;
  }
  say('fetching TensorFlow from PyPI (250 MB, the first time only)');
  const tensorflowFolder = await tensorflowFiles();
  rmSync(library, { recursive: true, force: true });
  mkdirSync(dirname(library), { recursive: true });
  mkdirSync(dirname(binding), { recursive: true });
  if (isCopied) {
    mkdirSync(library);
    for (const name of LIBRARIES) copyFileSync(join(tensorflowFolder, name), join(library, name));
  } else symlinkSync(tensorflowFolder, library);
  say('compiling the binding');
  const headers = dirname(require.resolve('node-api-headers/package.json'));
  await run('g++', [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-o', `${binding}.new`],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(folder, 'binding', name)),
    OWN_SOURCE,
    ...[join(headers, 'include'), join(folder, '..'), join(tensorflowFolder, 'include')].map(
      (path) => `-I${path}`,
    ),
    `-L${tensorflowFolder}`,
    ...LIBRARIES.map((name) => `-l:${name}`),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ]);
  // Replaced in one step, because a process may have the old file loaded.
  renameSync(`${binding}.new`, binding);
  writeFileSync(built, recipe);
  say(`built ${binding}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { copy } = parseArgs({ options: { copy: { type: 'boolean', default: false } } }).values;
  await ensureNative((line) => console.log(line), copy).catch((error: Error) => {
    console.error(error.message);
    console.error('"npm run native" needs python3 with venv, g++, and the npm and PyPI registries.');
    process.exitCode = 69;
  });
}
