// What a data scientist has saved with today's Keras is imported by one call, and every backend
// that can run it gives what TensorFlow in Python gives, for a thousand records.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importModel } from '../../src/importing/import-model.ts';
import { PythonSession } from '../../src/importing/python.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { type ModelManifest, planOf } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { outputValue } from '../../src/model/output-column.ts';
import type { Backend, OutputColumn } from '../../src/model/predictor.ts';
import { ensurePython } from '../../tools/python.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const { executable } = await ensurePython();
const folder = tempFolder('import');
const MODELS = join(import.meta.dirname, '..', 'support', 'python', 'models.py');
const python = new PythonSession(executable, [MODELS, folder]);
test.before(() => until('the models are made', () => existsSync(join(folder, 'complete'))));
test.after.always(() => python.end());

interface Case {
  readonly file: string;
  readonly backends: readonly Backend[];
  /** Absolute, and relative to what Python gives. */
  readonly within: number;
}

const ALL: readonly Backend[] = ['native', 'wasm', 'cpu'];
const CASES: Readonly<Record<string, Case>> = {
  'a Keras file with Normalization and BatchNormalization': {
    file: 'dense.keras',
    backends: ALL,
    within: 1e-5,
  },
  'the same as an HDF5 file': { file: 'dense-h5.h5', backends: ALL, within: 1e-5 },
  'the same as a SavedModel of model.export': { file: 'dense-saved', backends: ALL, within: 1e-5 },
  'the same as a SavedModel of tf.saved_model.save, whose variables a session does not find': {
    file: 'dense-module',
    backends: ALL,
    within: 1e-5,
  },
  'two inputs with an embedding': { file: 'two-inputs.keras', backends: ALL, within: 1e-4 },
  'three outputs': { file: 'three-outputs.keras', backends: ALL, within: 1e-4 },
  'an LSTM': { file: 'lstm.keras', backends: ALL, within: 1e-4 },
  'an LSTM as a SavedModel, whose loop is unrolled': { file: 'lstm-saved', backends: ALL, within: 1e-4 },
  'a GRU': { file: 'gru.keras', backends: ALL, within: 1e-4 },
  'an LSTM in both directions': { file: 'both-ways.keras', backends: ALL, within: 1e-4 },
  'recurrent layers with a mask, one of them backwards, and gelu': {
    file: 'masked.keras',
    backends: ALL,
    within: 1e-4,
  },
  'a convolution over a sequence': { file: 'conv.keras', backends: ALL, within: 1e-4 },
  'attention, whose Einsum the WASM backend lacks, as products of matrices': {
    file: 'attention.keras',
    backends: ALL,
    within: 1e-4,
  },
  'text by TextVectorization': { file: 'text.keras', backends: ['native'], within: 1e-4 },
  'text by StringLookup': { file: 'lookup.keras', backends: ['native'], within: 1e-4 },
  'an autoencoder': { file: 'autoencoder.keras', backends: ALL, within: 1e-4 },
  'a recommender with ids up to a million': { file: 'recommender.keras', backends: ALL, within: 1e-4 },
  'what export.py has written where the model was made': { file: 'exported', backends: ALL, within: 1e-5 },
  'a SavedModel of float64 and int64': { file: 'wide', backends: ALL, within: 1e-4 },
};

for (const [what, { file, backends, within }] of Object.entries(CASES)) {
  test.serial(
    `${what} is imported as it is, and scores as in Python on ${backends.join(', ')}`,
    async (t) => {
      const name = file.replace(/\.\w+$/, '');
      const { manifest, trials } = await importModel({
        path: join(folder, file),
        name,
        repository: join(folder, 'repository'),
        samples: join(folder, `${name}.jsonl`),
        shapes: {},
        measured: [],
        python: () => python,
      });
      const usable = trials.filter(({ refusal }) => refusal === null).map(({ backend }) => backend);
      t.deepEqual(usable, backends, JSON.stringify(trials.map(({ refusal }) => refusal)));
      const [records, expected] = [recordsOf(name), expectedOf(name)];
      for (const backend of backends)
        t.true((await farthest(backend, manifest, records, expected)) <= within, backend);
    },
  );
}

/** The records as CSV, as people have them. */
function csvOf(name: string): string {
  const records = recordsOf(name);
  const columns = Object.keys(records[0] ?? {});
  const lines = [columns, ...records.map((record) => columns.map((column) => record[column]))];
  const path = join(folder, `${name}.csv`);
  writeFileSync(path, lines.map((line) => `${line.join(',')}\n`).join(''));
  return path;
}

test.serial(
  'a Keras file and a CSV file become scores in two commands, those that Python gives',
  async (t) => {
    const [csv, results] = [csvOf('dense'), join(folder, 'results.jsonl')];
    const importing = ['models', 'import', join(folder, 'dense.keras'), '--name', 'shop', '--samples', csv];
    const repository = join(folder, 'own');
    const environment = { SCORELANE_PYTHON: executable };
    const imported = await new Program([...importing, '--repository', repository], environment).ended;
    t.is(imported.code, 0, imported.out);
    const config = join(folder, 'shop.yaml');
    // As the import prints it.
    const [, line = ''] = /^next {5}echo '(.*)' > shop\.yaml; scorelane score /m.exec(imported.out) ?? [];
    writeFileSync(config, line);
    const scored = await new Program(['score', '--config', config, '--in', csv, '--out', results]).ended;
    t.is(scored.code, 0, scored.out);
    const given = readFileSync(results, 'utf8')
      .trim()
      .split('\n')
      .map((result) => (JSON.parse(result) as { readonly score: number }).score);
    t.is(given.length, 1_000);
    const { score = [] } = expectedOf('dense');
    given.forEach((each, index) => {
      t.true(Math.abs(each - (score[index]?.[0] as number)) <= 1e-5);
    });
  },
);

const importOpen = (shapes: Record<string, readonly number[]>) =>
  importModel({
    path: join(folder, 'open-steps.keras'),
    name: 'open-steps',
    repository: join(folder, 'repository'),
    shapes,
    measured: [],
    python: () => python,
  });

test.serial(
  'a sequence of any length is refused with the option that gives it one, and imported with that',
  async (t) => {
    await t.throwsAsync(importOpen({}), {
      instanceOf: ModelError,
      message: /^input "steps": expected fixed lengths, found \[records, any, 4\]; .*--shape steps=20,4$/,
    });
    t.false(existsSync(join(folder, 'repository', 'open-steps')));
    const { manifest, exported } = await importOpen({ steps: [6, 4] });
    t.deepEqual(manifest.tensors[0]?.shape, [6, 4]);
    t.like(exported.web, { unrolled: [{ steps: 6 }] });
  },
);

const REFUSED: Readonly<Record<string, RegExp>> = {
  'lambda.keras':
    /lambda\.keras has a Lambda layer, .*: save it with model\.export\(FOLDER\), and import the folder$/,
  'own-layer.keras': /own-layer\.keras has layers of your own code .*: save it with model\.export\(FOLDER\)/,
  'broken.keras': /broken\.keras: expected a model that Keras can load, found one that it cannot \(/,
  'only.weights.h5': /only\.weights\.h5: expected a model that Keras can load, .*No model config found/,
  fixed:
    /^input "x" takes 2 at a time, no more and no less: expected a first dimension that is open \(None\)$/,
  scalar: /^output "y" is a scalar: expected a value for each record$/,
  complex: /^"x" is complex64: expected float32, int32, bool or string, or a type that can be cast to them$/,
  'no-signature': /no-signature has no signatures: save it with model\.export\(FOLDER\)/,
  'two-signatures': /two-signatures has the signatures one, other: say which by --signature$/,
};

const importAs = (name: string, signature?: string) =>
  importModel({
    path: join(folder, name),
    name: 'odd',
    repository: join(folder, 'repository'),
    shapes: {},
    measured: [],
    signature,
    python: () => python,
  });

for (const [name, message] of Object.entries(REFUSED)) {
  test.serial(`${name} is refused with what is wrong and what to do instead`, async (t) => {
    await t.throwsAsync(importAs(name), { instanceOf: ModelError, message });
    t.false(existsSync(join(folder, 'repository', 'odd')));
  });
}

test.serial('a SavedModel with two signatures is imported by the name of one', async (t) => {
  const { manifest } = await importAs('two-signatures', 'other');
  t.is(manifest.artefacts.savedModel?.signature, 'other');
});

type Expected = Readonly<Record<string, readonly (readonly number[])[]>>;

const recordsOf = (name: string): Record<string, unknown>[] =>
  readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(join(folder, `${name}.expected.json`), 'utf8')) as Expected;

/** The greatest difference of an output, absolute up to 1 and relative above. */
async function farthest(
  backend: Backend,
  manifest: ModelManifest,
  records: readonly Record<string, unknown>[],
  expected: Expected,
): Promise<number> {
  const features = new Float32Array(records.length * manifest.width);
  const plan = planOf(manifest);
  records.forEach((record, index) => {
    const rejection = plan.fill(record, features, index * manifest.width, 0);
    if (rejection !== null) throw new Error(rejection.message);
  });
  const predictor = await loadPredictor(backend, manifest);
  const columns = predictor.predict(features, records.length);
  predictor.dispose();
  let most = 0;
  manifest.outputs.forEach(({ as }, index) => {
    const column = columns[index] as OutputColumn;
    const wanted = (expected[as] ?? []).flat();
    if (wanted.length !== column.length) throw new Error(`${as}: ${column.length}, not ${wanted.length}`);
    wanted.forEach((value, element) => {
      const distance = Math.abs(Number(outputValue(column, element)) - value) / Math.max(1, Math.abs(value));
      most = Math.max(most, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    });
  });
  return most;
}
