// Files of a model that are missing, cut off or something else: which file, what was expected and
// what was found, in no words of JavaScript. They are beside model.yaml, which is whole.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { chooseBackend } from '../../src/model/choose.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import type { Backend } from '../../src/model/predictor.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const TEXT = readFileSync(join(MODEL_FOLDER, 'model.json'), 'utf8');
/** The shipped model.json, with a part of it changed. */
const changed = (parts: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...JSON.parse(TEXT), ...parts });

const CASES: readonly (readonly [
  what: string,
  backend: Backend,
  file: string,
  content: string | Uint8Array | null,
  told: RegExp,
])[] = [
  [
    'no weights.bin',
    'wasm',
    'weights.bin',
    null,
    /^\S+\/weights\.bin: expected a file that can be read, found none of that name/,
  ],
  [
    'no model.json',
    'wasm',
    'model.json',
    null,
    /^\S+\/model\.json: expected a file .*, found none of that name/,
  ],
  [
    'empty weights',
    'wasm',
    'weights.bin',
    '',
    /^\S+\/weights\.bin: expected the 16132 bytes of the weights that model\.json lists, found 0$/,
  ],
  [
    'weights that are cut off',
    'cpu',
    'weights.bin',
    new Uint8Array(1_000),
    /^\S+\/weights\.bin: expected the 16132 bytes .*, found 1000$/,
  ],
  [
    'a model.json of something else',
    'wasm',
    'model.json',
    '{"a": 1}',
    /^\S+model\.json:1:1: modelTopology: expected a map of keys, found nothing\n\S+: weightsManifest: expected a list, found nothing$/,
  ],
  [
    'a graph without nodes',
    'wasm',
    'model.json',
    '{"format":"graph-model","modelTopology":{},"weightsManifest":[]}',
    /^\S+model\.json:\d+:\d+: modelTopology\.node: expected a list, found nothing\n.*modelTopology\.versions: expected a map/,
  ],
  [
    'half of a model.json',
    'wasm',
    'model.json',
    TEXT.slice(0, 200),
    /^\S+model\.json: expected JSON with .*, found/,
  ],
  ['a list', 'wasm', 'model.json', '[]', /^\S+model\.json:1:1: expected a map of keys, found \[\]$/],
  [
    'a weight of a type that nobody knows',
    'wasm',
    'model.json',
    changed({
      weightsManifest: [{ paths: ['weights.bin'], weights: [{ name: 'a', shape: [1], dtype: 'float46' }] }],
    }),
    /weightsManifest\.0\.weights\.0\.dtype: expected float32, .*, found "float46"; did you mean "float32"/,
  ],
  [
    'a layers model without layers',
    'cpu',
    'model.json',
    changed({ format: 'layers-model', modelTopology: {} }),
    /^\S+model\.json: expected a model that TensorFlow\.js can load, found one that it cannot/,
  ],
  [
    'a graph whose weights are not there',
    'wasm',
    'model.json',
    changed({ weightsManifest: [] }),
    /expected (?:outputs for its golden records|a model that TensorFlow\.js can load)/,
  ],
  [
    'no graph of a SavedModel',
    'native',
    'saved_model/saved_model.pb',
    null,
    /saved_model\.pb: expected a file that can be read, found none of that name/,
  ],
  [
    'an empty graph of a SavedModel',
    'native',
    'saved_model/saved_model.pb',
    '',
    /saved_model\.pb: expected the graph of a SavedModel, found an empty file$/,
  ],
  [
    'a SavedModel of other bytes',
    'native',
    'saved_model/saved_model.pb',
    'what?',
    /saved_model: expected a SavedModel with the tag serve and the signature serving_default, found none/,
  ],
  [
    'a SavedModel without its variables',
    'native',
    'saved_model/variables/variables.index',
    null,
    /expected outputs for its golden records on native, found that TensorFlow cannot compute them \(.*dense_\d\/(?:bias|kernel)/,
  ],
];

for (const [what, backend, file, content, told] of CASES) {
  test.serial(`${what}: the file is named, and what was expected of it`, async (t) => {
    const folder = join(tempFolder('broken'), '1');
    cpSync(MODEL_FOLDER, folder, { recursive: true });
    if (content === null) rmSync(join(folder, file));
    else writeFileSync(join(folder, file), content);
    const error = await t.throwsAsync(chooseBackend(readManifest(folder), backend, 8), {
      instanceOf: ModelError,
    });
    t.regex(error?.message ?? '', told);
    t.notRegex(error?.message ?? '', /undefined|reading '|is not a function|ENOENT|Assertion/);
  });
}

test('an output with a name that every object inherits is one that the model does not have', async (t) => {
  for (const backend of ['wasm', 'native'] as const) {
    const manifest = {
      ...readManifest(MODEL_FOLDER),
      outputs: [{ name: 'constructor', as: 'constructor', type: 'float' as const }],
    };
    await t.throwsAsync(chooseBackend(manifest, backend, 8), {
      instanceOf: ModelError,
      message: /no output "constructor"; it has: score/,
    });
  }
});
