// Layers models, the other form of model.json, serve on the WASM and CPU backends like graph
// models.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { probeBackends } from '../../src/model/backend-probe.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

/** The model's own names of its outputs, the risk first. */
let named: readonly string[] = [];

/** Saves a small model with two outputs, trained on nothing, with its golden records. */
async function saved(): Promise<string> {
  const folder = tempFolder('layers');
  await tf.setBackend('cpu');
  const input = layers.input({ shape: [2] });
  const hidden = layers.layers
    .dense({ units: 3, activation: 'relu', kernelInitializer: 'ones' })
    .apply(input);
  const risk = layers.layers
    .dense({ units: 1, activation: 'sigmoid', kernelInitializer: 'ones' })
    .apply(hidden);
  const kinds = layers.layers
    .dense({ units: 2, activation: 'softmax', kernelInitializer: 'ones' })
    .apply(hidden);
  const model = layers.model({ inputs: input, outputs: [risk, kinds] as layers.SymbolicTensor[] });
  named = model.outputNames;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { modelTopology, weightSpecs = [], weightData } = artifacts;
      const weightsManifest = [{ paths: ['w.bin'], weights: weightSpecs }];
      writeFileSync(
        join(folder, 'model.json'),
        JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }),
      );
      writeFileSync(join(folder, 'w.bin'), Buffer.from(weightData as ArrayBuffer));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  writeFileSync(
    join(folder, 'model.yaml'),
    'name: tiny\nversion: 1\ninputs: [{path: a}, {path: b}]\noutputs: [risk, kinds]\n' +
      'artefacts: {web: {path: model.json}}\ngolden: {path: golden.json, tolerance: 1e-5}\n',
  );
  // All weights are one: the hidden units are a + b, and the risk is the logistic function of three
  // times that.
  const golden = [
    { record: { a: 0.25, b: 0.25 }, outputs: { risk: [1 / (1 + Math.exp(-1.5))], kinds: [0.5, 0.5] } },
  ];
  writeFileSync(join(folder, 'golden.json'), JSON.stringify(golden));
  return folder;
}

test('a layers model with two outputs gives its golden scores on both backends', async (t) => {
  const folder = await saved();
  for (const backend of ['wasm', 'cpu'] as const) {
    const choice = await probeBackends({ modelFolder: folder, wanted: backend, batchRecords: 4 });
    t.is(choice.backend, backend);
  }
});

test("outputs by the model's own names are those, in whatever order; a name that it does not have is refused", async (t) => {
  const folder = await saved();
  const file = join(folder, 'model.yaml');
  const yaml = readFileSync(file, 'utf8');
  const [risk, kinds] = named;
  const outputs = (...names: readonly (string | undefined)[]): void =>
    writeFileSync(
      file,
      yaml.replace('[risk, kinds]', `[{name: ${names[0]}, as: kinds}, {name: ${names[1]}, as: risk}]`),
    );
  const probed = () => probeBackends({ modelFolder: folder, wanted: 'cpu', batchRecords: 4 });
  outputs(kinds, risk);
  t.is((await probed()).backend, 'cpu');
  outputs(kinds, 'other');
  await t.throwsAsync(probed(), { message: new RegExp(`no output "other"; it has: ${risk}, ${kinds}`) });
});
