// The commands of `models` as a user meets them: what they print and with what they exit, without
// Python.

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program } from '../support/daemon.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const folder = tempFolder('models');
const repository = join(folder, 'repository');
const ended = (...words: string[]) =>
  new Program(['models', ...words], { SCORELANE_PYTHON: '/there/is/no/python' }).ended;

const golden = JSON.parse(readFileSync(join(MODEL_FOLDER, 'golden.json'), 'utf8')) as {
  readonly record: Readonly<Record<string, number>>;
}[];
const columns = Object.keys(golden[0]?.record ?? {});
const samples = join(folder, 'payments.csv');
const rows = golden.map(({ record }, index) => [index, ...columns.map((name) => record[name]), 1]);
writeFileSync(samples, [['id', ...columns, 'Class'], ...rows].map((row) => `${row.join(',')}\n`).join(''));

test.serial(
  'models import writes a version, and says what is in it, what it costs and how to go on',
  async (t) => {
    const { code, out } = await ended(
      ...['import', join(MODEL_FOLDER, 'model.json'), '--name', 'payments', '--samples', samples],
      ...['--repository', repository],
    );
    t.is(code, 0, out);
    t.regex(out, /^model {4}graph model of TensorFlow\.js, train\.py$/m);
    t.regex(out, /^input {4}features {2}float32 \[records, 29\]$/m);
    t.regex(out, /^output {3}score {2}float32 \[records, 1\]$/m);
    t.regex(
      out,
      /^native {3}no: a TensorFlow\.js model has no SavedModel: import what it was converted from$/m,
    );
    t.regex(out, /^wasm {5}model\.json \(\d+ KiB\)( +[\d.]+){3}$/m);
    t.regex(
      out,
      /^golden {3}20 records of .*payments\.csv, outputs by the model on wasm\n +cpu differs by at most /m,
    );
    t.regex(out, /^written {2}payments version 1: .*repository\/payments\/1$/m);
    t.regex(out, /^look at {2}.*model\.yaml: the fields that fill the inputs are guessed$/m);
    t.regex(out, /^next .*scorelane score --config payments\.yaml --in .*payments\.csv$/m);
    const yaml = readFileSync(join(repository, 'payments', '1', 'model.yaml'), 'utf8');
    t.regex(yaml, /^inputs: # LOOK HERE: guessed by the fields of payments\.csv\n {2}- \{ path: V1 \}\n/m);
    t.regex(yaml, / {2}- \{ path: Amount \}\noutputs:/);
  },
);

test.serial('models import touches no version that is there, and names the next free one', async (t) => {
  const before = readdirSync(join(repository, 'payments', '1'));
  const { code, out } = await ended(
    ...['import', join(MODEL_FOLDER, 'model.onnx'), '--name', 'payments', '--version', '1'],
    ...['--repository', repository],
  );
  t.is(code, 78, out);
  t.regex(
    out,
    /payments\/1: expected a version that is free, found one that is there; the next free one is 2$/m,
  );
  t.deepEqual(readdirSync(join(repository, 'payments', '1')), before);
  t.deepEqual(readdirSync(join(repository, 'payments')), ['1']);
});

test.serial(
  'a Keras file without TensorFlow in Python exits with 69 and says what to do here and elsewhere',
  async (t) => {
    const file = join(folder, 'model.keras');
    writeFileSync(file, '');
    const { code, out } = await ended('import', file, '--name', 'keras', '--repository', repository);
    t.is(code, 69, out);
    t.regex(
      out,
      /model\.keras: expected TensorFlow in Python, .* found none \(no program \/there\/is\/no\/python\)/,
    );
    t.regex(
      out,
      /--python or SCORELANE_PYTHON; or, where the model was made, run "python .*export\.py .*model\.keras exported"/,
    );
    t.deepEqual(readdirSync(repository), ['payments']);
  },
);

test.serial(
  'models list names versions and what each has, models verify checks them and exits with 78 where one is wrong',
  async (t) => {
    const wrong = join(repository, 'payments', '2');
    cpSync(join(repository, 'payments', '1'), wrong, { recursive: true });
    const path = join(wrong, 'golden.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"score":\[[^\]]*\]/, '"score":[0.25]'));
    const yaml = join(wrong, 'model.yaml');
    writeFileSync(yaml, readFileSync(yaml, 'utf8').replace('version: 1', 'version: 2'));
    const [listed, json, right, all] = await Promise.all([
      ended('list', '--repository', repository),
      ended('list', '--json', '--repository', repository),
      ended('verify', 'payments', '--version', '1', '--repository', repository),
      ended('verify', '--repository', repository),
    ]);
    t.is(listed.code, 0);
    t.regex(listed.out, /^payments 1 {2}wasm, cpu {2}29 columns to score {2}20 golden records\npayments 2 /m);
    t.like(JSON.parse(json.out), [
      {
        ...{ model: 'payments', version: '1', trouble: null },
        content: { backends: ['wasm', 'cpu'], columns: 29, outputs: ['score'], goldenRecords: 20 },
      },
      { model: 'payments', version: '2' },
    ]);
    t.is(right.code, 0, right.out);
    t.regex(right.out, /^ok {7}wasm {4}payments version 1 gives its golden outputs, [\d.]+ us a record$/m);
    t.regex(right.out, /^missing {2}native {2}model payments has no artefacts\.savedModel/m);
    t.is(all.code, 78, all.out);
    t.regex(
      all.out,
      /^wrong {4}cpu {5}model payments version 2: golden record 0 gives score = .*expected 0\.25/m,
    );
  },
);

test.serial('models inspect says what is inside of a file, and keeps nothing', async (t) => {
  const { code, out } = await ended('inspect', join(MODEL_FOLDER, 'model.onnx'));
  t.is(code, 0, out);
  t.regex(out, /^ops {6}Gemm, Relu, Sigmoid$/m);
  t.regex(out, /^onnx {5}model\.onnx \(\d+ KiB\)( +[\d.]+){3}$/m);
  t.regex(out, /^next {5}scorelane models import .*model\.onnx --name NAME --samples FILE$/m);
});
