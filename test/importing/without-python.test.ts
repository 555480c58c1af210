// What is imported without Python: models of TensorFlow.js, .onnx files, and a SavedModel for the
// native backend alone; and what is no model.

import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type ImportRequest, importModel } from '../../src/importing/import-model.ts';
import { savedAt } from '../../src/importing/kinds.ts';
import { PythonSession } from '../../src/importing/python.ts';
import { type GoldenRecord, readGolden, readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { NoInputError } from '../../src/written/file-trouble.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const folder = mkdtempSync(join(tmpdir(), 'scorelane-without-python-'));
const repository = join(folder, 'repository');
const samples = join(folder, 'records.json');
const shipped = readGolden(readManifest(MODEL_FOLDER));
writeFileSync(samples, JSON.stringify(shipped.map(({ record }) => record)));

const imported = (path: string, more: Partial<ImportRequest> = {}) =>
  importModel({
    ...{ path, name: 'm', repository, shapes: {}, measured: [], samples },
    python: () => new PythonSession('/there/is/no/python'),
    ...more,
  });

const scores = (golden: readonly GoldenRecord[]): number[] =>
  golden.map(({ outputs }) => Number(outputs.score?.[0]));

for (const [file, backends] of [
  ['model.json', ['wasm', 'cpu']],
  ['model.onnx', ['onnx']],
  ['saved_model', ['native']],
] as const) {
  test.serial(
    `${file} runs on ${backends.join(' and ')}; with the inputs of a model.yaml it gives the scores of that`,
    async (t) => {
      const { manifest, trials } = await imported(join(MODEL_FOLDER, file), {
        inputs: join(MODEL_FOLDER, 'model.yaml'),
      });
      const usable = trials.filter(({ refusal }) => refusal === null).map(({ backend }) => backend);
      t.deepEqual(usable as readonly string[], backends);
      const given = scores(readGolden(manifest));
      scores(shipped.slice(0, given.length)).forEach((score, index) => {
        t.true(Math.abs(score - (given[index] as number)) < 1e-5);
      });
    },
  );
}

interface Signed {
  signature?: unknown;
  weightsManifest: { paths: string[] }[];
}

function copyWith(change: (document: Signed) => void): string {
  const copy = mkdtempSync(join(folder, 'copy-'));
  cpSync(MODEL_FOLDER, copy, { recursive: true });
  const path = join(copy, 'model.json');
  const document = JSON.parse(readFileSync(path, 'utf8')) as Signed;
  change(document);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

test.serial(
  'a graph model without a signature gets one: what nothing computes, and what nothing uses',
  async (t) => {
    const { exported } = await imported(copyWith((document) => delete document.signature));
    t.deepEqual(exported.inputs, [{ name: 'features', type: 'float32', shape: [29] }]);
    t.deepEqual(
      exported.outputs.map(({ name }) => name),
      ['score'],
    );
  },
);

test.serial(
  'weights that are missing, or lead out of the folder, are refused, and nothing is left',
  async (t) => {
    const before = readdirSync(join(repository, 'm'));
    const named = (path: string) =>
      copyWith(({ weightsManifest }) => weightsManifest[0]?.paths.splice(0, 1, path));
    await t.throwsAsync(imported(named('lost.bin')), {
      instanceOf: ModelError,
      message: /lost\.bin: expected a file/,
    });
    await t.throwsAsync(imported(named(join('..', 'weights.bin'))), { instanceOf: ModelError });
    await t.throwsAsync(imported(join(MODEL_FOLDER, 'model.json'), { name: '../elsewhere' }), {
      instanceOf: ModelError,
      message: /^--name: expected letters, digits, .* found "\.\.\/elsewhere"$/,
    });
    t.deepEqual(readdirSync(join(repository, 'm')), before);
  },
);

test('what is no model is told from what is not there, with what would be one', (t) => {
  t.throws(() => savedAt(join(folder, 'nothing.keras')), { instanceOf: NoInputError });
  for (const [name, hint] of [
    ['net.pt', /found a \.pt file: export it with torch\.onnx\.export$/],
    ['trees.pkl', /found a \.pkl file: convert the model with skl2onnx or onnxmltools$/],
    ['notes.txt', /expected a SavedModel folder, .* or an \.onnx file, found a \.txt file$/],
  ] as const) {
    writeFileSync(join(folder, name), '');
    t.throws(() => savedAt(join(folder, name)), { instanceOf: ModelError, message: hint });
  }
  t.throws(() => savedAt(MODEL_FOLDER), {
    message: /found a version of a model repository: "scorelane models inspect"/,
  });
});
