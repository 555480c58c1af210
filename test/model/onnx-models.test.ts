// Models of scikit-learn, XGBoost, LightGBM and PyTorch on the onnx backend: they give for 1,000
// records what Python gives, in whatever batches. Python is started once for all of them.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { chooseBackend } from '../../src/model/choose.ts';
import { goldenRows } from '../../src/model/golden-rows.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { readOnnxFile } from '../../src/model/onnx-file.ts';
import { ensurePython } from '../../tools/python.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const root = tempFolder('onnx-models');
const script = join(import.meta.dirname, '..', 'support', 'python', 'onnx_models.py');
const TORCH = join(import.meta.dirname, 'torch-mlp');
const ROWS = `inputs: [{ path: features, count: 12 }]`;
const CLASSES = `outputs: [{ name: label, type: integer }, probabilities]`;

/** By the model's name: the inputs and outputs of model.yaml. */
const MODELS: Readonly<Record<string, string>> = {
  'scikit-learn': `
tensors:
  - { name: amount, inputs: [{ path: amount }] }
  - { name: age, type: int32, inputs: [{ path: age }] }
  - { name: kind, type: string, inputs: [{ path: kind }] }
  - { name: country, type: string, inputs: [{ path: country }] }
outputs:
  - { name: output_label, as: label, type: text }
  - { name: output_probability, as: probabilities }`,
  xgboost: `${ROWS}\n${CLASSES}`,
  lightgbm: `${ROWS}\n${CLASSES}`,
};

test.before(async (t) => {
  t.timeout(300_000);
  const { executable } = await ensurePython();
  await run(executable, ['-W', 'ignore', script, root]);
  for (const [name, yaml] of Object.entries(MODELS))
    writeFileSync(
      join(root, name, '1', 'model.yaml'),
      `name: ${name}\nversion: 1\n${yaml}\nartefacts: { onnx: { path: model.onnx } }\n` +
        'golden: { path: golden.json, rtol: 0, atol: 1e-4 }\n',
    );
  cpSync(TORCH, join(root, 'torch-mlp'), { recursive: true });
  writeFileSync(join(root, 'torch-mlp', '1', 'golden.json'), torchRecords());
});

for (const name of [...Object.keys(MODELS), 'torch-mlp']) {
  test(`${name}: 1,000 records give what Python gives to 1e-4, and the same to the bit in whatever batches`, async (t) => {
    const folder = join(root, name, '1');
    const manifest = readManifest(folder);
    const golden = readGolden(manifest);
    t.is(golden.length, 1_000);
    const { reports } = await chooseBackend(
      { ...manifest, golden: { ...manifest.golden, rtol: 0, atol: 1e-4 } },
      'onnx',
      64,
    );
    t.is(reports[0]?.missing, null);

    const predictor = await loadPredictor('onnx', manifest);
    const rows = goldenRows(manifest, golden);
    const inBatches = (size: number): unknown[][] => {
      const columns: unknown[][] = manifest.outputs.map(() => []);
      for (let from = 0; from < golden.length; from += size) {
        const count = Math.min(size, golden.length - from);
        const part = rows.subarray(from * manifest.width, (from + count) * manifest.width);
        predictor.predict(part, count).forEach((column, index) => {
          columns[index]?.push(...column);
        });
      }
      return columns;
    };
    const all = inBatches(1_000);
    for (const size of [1, 7, 64]) t.deepEqual(inBatches(size), all);
    predictor.dispose();
  });
}

/** As export.py drew them. */
function torchRecords(): string {
  const scores = JSON.parse(readFileSync(join(TORCH, 'scores.json'), 'utf8')) as number[];
  return JSON.stringify(
    scores.map((score, row) => ({
      record: {
        features: Array.from(
          { length: 30 },
          (_, column) => (((row * 7919 + column * 104729) % 2000) - 1000) / 250,
        ),
      },
      outputs: { score: [score] },
    })),
  );
}

test('a ZipMap is told with the classes, and its output as the tensor that can be had', (t) => {
  const { zipMaps, outputs } = readOnnxFile(join(root, 'scikit-learn', '1', 'model.onnx'));
  t.deepEqual(zipMaps, [{ from: 'proba_output', to: 'output_probability', labels: ['fine', 'fraud'] }]);
  t.deepEqual(outputs[1], { name: 'output_probability', type: 'float32', shape: [null, 2] });
});
