// Mistakes in model.yaml that once ended the process, or were told in TensorFlow's words: each is
// refused before anything runs, with the file, what is there, what was expected, and the next step.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { mlp } from '../../bench/models/mlp.ts';
import { ensureModel } from '../../bench/models/repository.ts';
import { writeSavedModel } from '../../bench/models/saved-model.ts';
import { probeBackends } from '../../src/model/backend-probe.ts';
import { ModelError } from '../../src/model/model-error.ts';
import type { Backend } from '../../src/model/predictor.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const YAML = readFileSync(join(MODEL_FOLDER, 'model.yaml'), 'utf8');
const INPUTS = /inputs: [\s\S]*?(?=outputs:)/;

/** The shipped model with this model.yaml, and other files. */
function modelWith(yaml: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = join(tempFolder('mistake'), '1');
  cpSync(MODEL_FOLDER, folder, { recursive: true });
  writeFileSync(join(folder, 'model.yaml'), yaml);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const tensor = (more: string): string =>
  YAML.replace(INPUTS, `tensors:\n  - { name: features, ${more} }\n`).replaceAll(/, input: features/g, '');

const CASES: readonly (readonly [
  what: string,
  yaml: string,
  told: RegExp,
  files?: Record<string, string>,
])[] = [
  [
    'a width that the model does not have',
    tensor('inputs: [{ path: V1, count: 28 }]'),
    /expected float32 \[records, 29\] for the input "features", as the model says, found float32 \[records, 28\] in model\.yaml/,
  ],
  [
    'a wrong rank, for which TensorFlow would end the process',
    tensor('shape: [29, 1], inputs: [{ path: V1, count: 29 }]'),
    /expected float32 \[records, 29\] .*, found float32 \[records, 29, 1\] in model\.yaml: say shape: \[29\]/,
  ],
  [
    'a wrong type',
    tensor('type: int32, inputs: [{ path: V1, count: 29 }]'),
    /expected float32 \[records, 29\] .*, found int32 \[records, 29\] in model\.yaml: give it as a tensor with type: float32/,
  ],
  [
    'text for a tensor of floats',
    tensor('type: string, inputs: [{ path: V1, count: 29 }]'),
    /found string \[records, 29\] in model\.yaml: give it as a tensor with type: float32/,
  ],
  [
    'an input of another name',
    YAML.replaceAll('input: features', 'input: fetaures'),
    /expected an input of the model, features, found "fetaures" in model\.yaml; did you mean "features"\?/,
  ],
  [
    'a tensor too many',
    tensor('inputs: [{ path: V1, count: 29 }] }\n  - { name: more, inputs: [{ path: a }]'),
    /expected an input of the model, features, found "more" in model\.yaml/,
  ],
  [
    'an output of another name',
    YAML.replace('outputs: [score]', 'outputs: [scores]'),
    /no output "scores"; it has: score; did you mean "score"\?/,
  ],
  [
    'an output that is float, and called text',
    YAML.replace('outputs: [score]', 'outputs: [{ name: score, type: text }]'),
    /output "score" is text in model\.yaml, \w+ gives float: say \{ name: …, as: score, type: float \}/,
  ],
  [
    'a shape that the inputs do not fill',
    tensor('shape: [5, 5], inputs: [{ path: V1, count: 29 }]'),
    /model\.yaml:\d+:\d+: tensors\.0\.shape: expected the shape of 29 columns, which is what the inputs give, found \[5, 5\]/,
  ],
  [
    'inputs and tensors',
    `${YAML}\ntensors: [{ name: a, inputs: [{ path: a }] }]\n`,
    /inputs: expected inputs or tensors, one of them/,
  ],
  [
    'a path that leaves the folder',
    YAML.replace('path: golden.json', 'path: ../../golden.json'),
    /model\.yaml: expected a path inside of the model's folder, found "\.\.\/\.\.\/golden\.json"/,
  ],
  [
    'a vocabulary that is not there',
    YAML.replace(
      '{ path: V1, mean: -1.05384218, std: 4.06087908 }',
      '{ path: V1, vocabulary: { file: words.txt } }',
    ),
    /words\.txt: expected a file that can be read, found none of that name/,
  ],
  [
    'tolerance beside rtol',
    YAML.replace('tolerance: 1e-05', 'tolerance: 1e-05, rtol: 1e-3'),
    /golden\.tolerance: expected tolerance, or rtol and atol, not both/,
  ],
  [
    'a result that is derived from nothing',
    `${YAML}\nresults: [{ as: label, argmax: scores }]\n`,
    /results\.0\.argmax: expected an output or a result before it, one of score, found "scores"/,
  ],
  [
    'labels for another number of classes',
    `${YAML}\nresults: [{ as: label, argmax: score, labels: [yes, no] }]\n`,
    /model creditcard version 1: results: expected 1 labels for argmax, as many as its output has values, found 2/,
  ],
  [
    'a result derived of whole numbers',
    `${YAML}\nresults: [{ as: first, argmax: score }, { as: again, argmax: first }]\n`,
    /results: expected floats in "first", found whole numbers, flags or text/,
  ],
  [
    'a result of no kind',
    `${YAML}\nresults: [{ as: label, argmux: score }]\n`,
    /results\.0: expected one of the keys argmax, top, threshold, /,
  ],
];

for (const [what, yaml, told, files] of CASES)
  for (const backend of ['native', 'wasm'] as const)
    test.serial(`${backend}: ${what} is refused in words, before anything runs`, async (t) => {
      const folder = modelWith(yaml, files);
      const error = await t.throwsAsync(probed(folder, backend), { instanceOf: ModelError });
      t.regex(error?.message ?? '', told);
      t.true(error?.message.includes(folder) || /model creditcard version 1/.test(error?.message ?? ''));
    });

const probed = (modelFolder: string, wanted: Backend | 'auto') =>
  probeBackends({ modelFolder, wanted, batchRecords: 8 });

test.serial('a file of Keras in the folder is named with the command that imports it', async (t) => {
  const folder = modelWith(YAML.replace('path: saved_model,', 'path: model.keras,'), { 'model.keras': 'PK' });
  await t.throwsAsync(probed(folder, 'native'), {
    message: /model\.keras is a file of Keras, .*"scorelane models import model\.keras --name NAME"/,
  });
});

test.serial('a layers model of Keras 3 is named as one, with the way out', async (t) => {
  const topology = { model_config: { config: { layers: [{ config: { batch_shape: [null, 29] } }] } } };
  const json = JSON.stringify({ format: 'layers-model', modelTopology: topology, weightsManifest: [] });
  const folder = modelWith(YAML, { 'model.json': json });
  await t.throwsAsync(probed(folder, 'wasm'), {
    message: /found one of Keras 3 \(batch_shape\): "scorelane models import"/,
  });
});

test.serial('auto passes over a backend that cannot run the model, and says which and why', async (t) => {
  const folder = modelWith(YAML, { 'model.json': '{}' });
  const { backend, reports } = await probed(folder, 'auto');
  t.not(backend, 'wasm');
  const wasm = reports.find((report) => report.backend === 'wasm');
  t.regex(wasm?.missing ?? '', /model\.json/);
  t.false(wasm?.isMissing);
});

test.serial('auto fails where no backend can, and tells of each', async (t) => {
  const folder = modelWith(YAML.replace('outputs: [score]', 'outputs: [risk]'));
  const error = await t.throwsAsync(probed(folder, 'auto'), { instanceOf: ModelError });
  for (const backend of ['native', 'wasm', 'cpu'])
    t.regex(error?.message ?? '', new RegExp(`\n  ${backend}: .*no output "risk"`));
});

test.serial('a SavedModel that says no shape of its input is refused, with what to save', async (t) => {
  const name = 'mlp-30-64-32-1';
  const folder = join(tempFolder('shapeless'), '1');
  cpSync(ensureModel(name), folder, { recursive: true });
  writeSavedModel(join(folder, 'saved_model'), mlp(name), false);
  await t.throwsAsync(probed(folder, 'native'), {
    instanceOf: ModelError,
    message:
      /expected a shape for the input "features" .*: save the model with an input_signature that has shapes/,
  });
});
