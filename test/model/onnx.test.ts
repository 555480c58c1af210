// The onnx backend with the shipped model: what its file says of itself, and each mistake in its
// own words, before anything runs.

import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { chooseBackend } from '../../src/model/choose.ts';
import { readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { readOnnxFile } from '../../src/model/onnx-file.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const BYTES = readFileSync(join(MODEL_FOLDER, 'model.onnx'));

test('a file says its inputs, outputs, operators and where it comes from', (t) => {
  t.deepEqual(readOnnxFile(join(MODEL_FOLDER, 'model.onnx')), {
    inputs: [{ name: 'features', type: 'float32', shape: ['records', 29] }],
    outputs: [{ name: 'score', type: 'float32', shape: ['records', 1] }],
    zipMaps: [],
    opsets: { '': 13 },
    ops: ['Gemm', 'Relu', 'Sigmoid'],
    weightFiles: [],
    producer: 'train.py',
  });
});

type Change = (folder: string) => void;
const file =
  (content: Uint8Array | string): Change =>
  (folder) =>
    writeFileSync(join(folder, 'model.onnx'), content);
const yaml =
  (from: string | RegExp, to: string): Change =>
  (folder) => {
    const path = join(folder, 'model.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };

const MISTAKES: Readonly<Record<string, readonly [Change, RegExp]>> = {
  'no file': [
    (folder) => rmSync(join(folder, 'model.onnx')),
    /model\.onnx: expected a file that can be read/,
  ],
  'an empty file': [file(''), /model\.onnx: expected an ONNX model, found an empty file$/],
  'another file': [
    file('{"format": "graph-model"}'),
    /model\.onnx: expected an ONNX model, found other bytes/,
  ],
  'half of a file': [
    file(BYTES.subarray(0, 5_000)),
    /expected an ONNX model, found other bytes, or only the beginning of one$/,
  ],
  'a file without a graph': [file(BYTES.subarray(0, 2)), /found something without a graph$/],
  'an operator of another name': [
    file(Buffer.from(BYTES.toString('latin1').replace('Sigmoid', 'Sigmund'), 'latin1')),
    /model\.onnx: expected a model that onnxruntime can load, found one that it cannot \(.*Sigmund/,
  ],
  'another input': [
    yaml('onnx: { path: model.onnx, input: features }', 'onnx: { path: model.onnx, input: feature }'),
    /expected an input of the model, features, found "feature" in model\.yaml; did you mean "features"/,
  ],
  'another output': [yaml('outputs: [score]', 'outputs: [scores]'), /has no output "scores"; it has: score/],
  'another width': [
    yaml(/.*path: V7.*\n/, ''),
    /expected float32 \[records, 29\] for the input "features", as the model says, found float32 \[records, 28\]/,
  ],
};

for (const [what, [change, told]] of Object.entries(MISTAKES)) {
  test(`${what}: the file is named, what is there, and what was expected`, async (t) => {
    const folder = join(tempFolder('onnx'), '1');
    cpSync(MODEL_FOLDER, folder, { recursive: true });
    change(folder);
    const error = await t.throwsAsync(chooseBackend(readManifest(folder), 'onnx', 8), {
      instanceOf: ModelError,
    });
    t.regex(error?.message ?? '', told);
  });
}
