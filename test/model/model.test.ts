// A model is served only when its files are whole and its golden records agree, on every backend;
// auto says what it took.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { probeBackends } from '../../src/model/backend-probe.ts';
import { explainChoice } from '../../src/model/choose.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { BACKENDS, BackendMissingError } from '../../src/model/predictor.ts';
import { findVersion } from '../../src/model/repository.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { MODEL_FOLDER } from '../support/model.ts';

function copyOfModel(): string {
  const folder = join(tempFolder('model'), '1');
  cpSync(MODEL_FOLDER, folder, { recursive: true });
  return folder;
}

const edit = (folder: string, name: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));

for (const backend of BACKENDS) {
  test(`the shipped model gives its golden scores on ${backend}`, async (t) => {
    const choice = await probeBackends({ modelFolder: MODEL_FOLDER, wanted: backend, batchRecords: 64 });
    t.is(choice.backend, backend);
    t.true((choice.reports[0]?.microsPerRecord ?? 0) > 0);
  });
}

test('auto measures every backend that is here and takes the fastest', async (t) => {
  const choice = await probeBackends({ modelFolder: MODEL_FOLDER, wanted: 'auto', batchRecords: 128 });
  const measured = choice.reports.filter(({ microsPerRecord }) => microsPerRecord !== null);
  t.deepEqual(
    measured.map(({ backend }) => backend as string),
    [...BACKENDS],
  );
  const best = measured.toSorted((a, b) => Number(a.microsPerRecord) - Number(b.microsPerRecord))[0];
  t.is<string | undefined, string | undefined>(choice.backend, best?.backend);
  t.regex(explainChoice(choice), /measured on 128 records: native .* us a record, wasm .*, cpu/);
});

test('auto goes without a backend whose artefact the model lacks, and says so', async (t) => {
  const folder = copyOfModel();
  edit(folder, 'model.yaml', (text) => text.replace(/ {2}savedModel: .*\n/, ''));
  const choice = await probeBackends({ modelFolder: folder, wanted: 'auto', batchRecords: 8 });
  t.regex(explainChoice(choice), /native missing \(model creditcard has no artefacts.savedModel/);
  await t.throwsAsync(probeBackends({ modelFolder: folder, wanted: 'native', batchRecords: 8 }), {
    instanceOf: BackendMissingError,
  });
});

for (const backend of BACKENDS) {
  test(`a model whose golden records differ does not serve on ${backend}`, async (t) => {
    const folder = copyOfModel();
    edit(folder, 'golden.json', (text) => text.replace(/"score": \[\s*[\d.e-]+/, '"score": [0.25'));
    await t.throwsAsync(probeBackends({ modelFolder: folder, wanted: backend, batchRecords: 8 }), {
      instanceOf: ModelError,
      message: /golden record 0 gives score = .* expected 0\.25 within 0\.00001/,
    });
  });
}

test('a golden record that lacks a field names the field', async (t) => {
  const folder = copyOfModel();
  edit(folder, 'golden.json', (text) => text.replace('"V7"', '"V77"'));
  await t.throwsAsync(probeBackends({ modelFolder: folder, wanted: 'wasm', batchRecords: 8 }), {
    instanceOf: ModelError,
    message: /golden record 0: field "V7" is missing/,
  });
});

test('a wrong manifest is refused with the key and what was expected', (t) => {
  const folder = copyOfModel();
  edit(folder, 'model.yaml', (text) => text.replace('outputs: [score]', 'outputs: []\nextra: 1'));
  const error = t.throws(() => readManifest(folder), { instanceOf: ModelError });
  t.regex(
    error?.message ?? '',
    /model\.yaml:\d+:\d+: outputs: expected .*found \[\]\n.*model\.yaml:\d+:1: extra: expected a key that exists/,
  );
});

test('the section of the windows under its old name is refused with the new one', (t) => {
  const folder = copyOfModel();
  edit(folder, 'model.yaml', (text) => `${text}\nstate: { grace: 5s }\n`);
  t.throws(() => readManifest(folder), {
    instanceOf: ModelError,
    message: /state: expected its new name windows, found the old one/,
  });
});

test('an output that the model does not have names those that it has', async (t) => {
  for (const backend of ['wasm', 'native'] as const) {
    const folder = copyOfModel();
    edit(folder, 'model.yaml', (text) => text.replace('outputs: [score]', 'outputs: [risk]'));
    await t.throwsAsync(probeBackends({ modelFolder: folder, wanted: backend, batchRecords: 8 }), {
      message: /no output "risk"; it has: score/,
    });
  }
});

test('the repository finds versions, and says what there is instead', (t) => {
  const repository = join(MODEL_FOLDER, '..', '..');
  t.is(findVersion(repository, 'creditcard', 'latest'), MODEL_FOLDER);
  t.is(findVersion(repository, 'creditcard', 1), MODEL_FOLDER);
  t.throws(() => findVersion(repository, 'creditcart', 1), { message: /did you mean "creditcard"/ });
  t.throws(() => findVersion(repository, 'creditcard', 9), { message: /one of 1, found no 9/ });
  t.throws(() => findVersion('/nowhere', 'creditcard', 1), { instanceOf: ModelError });
});

test('the golden records cover both outcomes', (t) => {
  const scores = readGolden(readManifest(MODEL_FOLDER)).map(({ outputs }) => Number(outputs.score?.[0]));
  t.true(scores.some((score) => score > 0.9) && scores.some((score) => score < 0.01));
});
