// What is imported without Python: models of TensorFlow.js, .onnx files, and a SavedModel for the
// native backend alone; and what is no model.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import test from 'ava';
import { type ImportRequest, importModel } from '../../src/importing/import-model.ts';
import { savedAt } from '../../src/importing/kinds.ts';
import { PythonSession } from '../../src/importing/python.ts';
import { type GoldenRecord, readGolden, readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { NoInputError } from '../../src/written/file-trouble.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const folder = tempFolder('without-python');
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

const COLUMNS = Array.from({ length: 29 }, (_, index) => `{ path: V${index} }`);

/** A file for --inputs of the shipped model, whose records have the fields V1 to V28 and Amount. */
function given(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test.serial('outputs of the --inputs file are taken over, with their names in results', async (t) => {
  const features = JSON.stringify(Object.keys(shipped[0]?.record ?? {}).map((path) => ({ path })));
  const { manifest } = await imported(join(MODEL_FOLDER, 'model.json'), {
    inputs: given(
      'own.yaml',
      `inputs: ${features}\noutputs: [{ name: score, as: risk, hidden: true }]\n` +
        'results: [{ as: isFraud, threshold: risk, above: 0.5 }]\n',
    ),
  });
  t.deepEqual(manifest.outputs, [{ name: 'score', as: 'risk', type: 'float', hidden: true }] as never);
  t.like(manifest.results[0], { as: 'isFraud' });
  t.deepEqual(Object.keys(readGolden(manifest)[0]?.outputs ?? {}), ['risk']);
});

const WRONG: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'a key that is none': [
    'inputs: [{ path: V1 }]\noutput: []\n',
    /:2:1: output: expected a key that exists, found none of this name; did you mean "outputs"\?$/,
  ],
  "a width that is not the model's": [
    `# two\ninputs: [${COLUMNS.slice(0, 2)}]\n`,
    /:2:9: inputs: expected float32 \[records, 29\] for the input "features", .* found float32 \[records, 2\] in this file$/,
  ],
  'an input that the model does not have': [
    `tensors:\n  - name: feature\n    inputs: [${COLUMNS}]\n`,
    /:2:11: tensors\.0\.name: expected an input of the model, features, found "feature" in this file; did you mean/,
  ],
  'an output that the model does not have': [
    `inputs: [${COLUMNS}]\noutputs: [scores]\n`,
    /:2:11: outputs\.0: expected an output of the model, score, found "scores"; did you mean "?score"?\?$/,
  ],
  'an output of another type': [
    `inputs: [${COLUMNS}]\noutputs: [{ name: score, type: text }]\n`,
    /:2:11: outputs\.0: expected type: float, as the model says, found text$/,
  ],
  'a result of an output that is not there': [
    `inputs: [${COLUMNS}]\nresults: [{ as: yes, threshold: risk, above: 1 }]\n`,
    /:2:33: results\.0\.threshold: expected an output or a result before it, one of score, found "risk"$/,
  ],
  'a vocabulary that is not there': [
    'inputs: [{ path: kind, vocabulary: { file: kinds.txt } }]\n',
    /kinds\.txt: expected a file that can be read, found none of that name$/,
  ],
};

test.serial(
  'what is wrong in the --inputs file is told with its place there, before the model is asked',
  async (t) => {
    for (const [what, [text, message]] of Object.entries(WRONG)) {
      const inputs = given('wrong.yaml', text);
      const error = await t.throwsAsync(
        imported(join(MODEL_FOLDER, 'model.json'), { inputs }),
        { instanceOf: ModelError },
        what,
      );
      t.true(error?.message.startsWith(folder), `${what}: ${error?.message}`);
      t.regex(error?.message ?? '', message, what);
      t.notRegex(error?.message ?? '', /\.import-/, what);
    }
  },
);

test.serial('words beside the --inputs file come along', async (t) => {
  given('kinds.txt', 'card\ncash\n');
  const model = layers.sequential({
    layers: [layers.layers.dense({ units: 1, inputShape: [1], name: 'only' })],
  });
  const path = await saved(model);
  const inputs = given('words.yaml', 'inputs: [{ path: kind, vocabulary: { file: kinds.txt } }]\n');
  const { manifest } = await imported(path, { inputs, samples: undefined });
  t.is(readFileSync(join(manifest.folder, 'kinds.txt'), 'utf8'), 'card\ncash\n');
});

test.serial('an import deletes the drafts that killed ones have left, and no others', async (t) => {
  const draft = (name: string, ageMs: number): string => {
    const own = join(repository, name);
    mkdirSync(join(own, '1'), { recursive: true });
    writeFileSync(join(own, 'alive'), '');
    const then = new Date(Date.now() - ageMs);
    utimesSync(join(own, 'alive'), then, then);
    return own;
  };
  const [dead, alive] = [draft('.import-killed', 3_600_000), draft('.import-living', 0)];
  await imported(join(MODEL_FOLDER, 'model.json'));
  t.false(existsSync(dead));
  t.true(existsSync(alive));
  t.deepEqual(readdirSync(repository).sort(), ['.import-living', 'm']);
});

/** As `model.save('file://…')` of tfjs-node writes it. */
async function saved(model: layers.LayersModel): Promise<string> {
  await tf.setBackend('cpu');
  const own = mkdtempSync(join(folder, 'layers-'));
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, ...rest }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      writeFileSync(join(own, 'model.json'), JSON.stringify({ ...rest, modelTopology, weightsManifest }));
      writeFileSync(join(own, 'weights.bin'), Buffer.from(tf.io.CompositeArrayBuffer.join(weightData)));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return join(own, 'model.json');
}

test.serial(
  'a layers model that TensorFlow.js has made and saved is imported, and gives its own scores',
  async (t) => {
    await tf.setBackend('cpu');
    const model = layers.sequential({
      layers: [
        layers.layers.dense({ units: 8, activation: 'relu', inputShape: [29] }),
        layers.layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    const path = await saved(model);
    const { manifest, exported, trials } = await imported(path);
    t.is(exported.kind, 'layers model of TensorFlow.js');
    t.deepEqual(
      exported.inputs.map(({ shape }) => shape),
      [[29]],
    );
    t.deepEqual(
      trials.filter(({ refusal }) => refusal === null).map(({ backend }) => backend),
      ['wasm', 'cpu'],
    );
    const golden = readGolden(manifest);
    await tf.setBackend('cpu');
    const rows = golden.map(({ record }) =>
      manifest.inputs.map((input) => Number(record[(input as { path: string }).path])),
    );
    const own = await (model.predict(tf.tensor2d(rows)) as tf.Tensor).data();
    golden.forEach(({ outputs }, index) => {
      const [[score]] = Object.values(outputs) as [number[]];
      t.true(Math.abs((score as number) - (own[index] as number)) < 1e-6);
    });
  },
);
