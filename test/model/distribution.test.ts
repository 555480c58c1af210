// A distribution.json that is wrong: what is said of it, and where.

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readDistribution } from '../../src/model/distribution.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { measuredColumns } from '../../src/model/measured-columns.ts';
import { ModelError } from '../../src/model/model-error.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const shipped = readManifest(MODEL_FOLDER);
const golden = readGolden(shipped);

function read(text: string) {
  const folder = tempFolder('distribution');
  writeFileSync(join(folder, 'd.json'), text);
  return readDistribution({ ...shipped, folder, distribution: { path: 'd.json' } }, golden);
}

const of = (column: object, records = 10): string =>
  JSON.stringify({ records, features: { V2: column }, outputs: {} });
const GOOD = { cuts: [0, 1], counts: [0, 7, 2], missing: 1 };

test('columns that are not recorded are left out; what is missing counts behind the bins', (t) => {
  const found = read(of(GOOD));
  t.is(found?.records, 10);
  t.deepEqual(found?.columns, [
    {
      ...{ kind: 'feature', name: 'V2', place: 1, element: 0, isWhole: false },
      ...{ cuts: Float32Array.of(0, 1), counts: [0, 7, 2, 1] },
    },
  ]);
});

for (const [what, text, message] of [
  ['no JSON', '{"records": 1', /d\.json/],
  [
    'cuts that do not ascend',
    of({ ...GOOD, cuts: [1, 0] }),
    /d\.json:1:\d+: features\.V2\.cuts: expected cuts that ascend/,
  ],
  [
    'cuts that are one in float32',
    of({ ...GOOD, cuts: [1, 1 + 1e-9] }),
    /expected cuts that ascend, and are different in float32/,
  ],
  [
    'as many counts as cuts',
    of({ ...GOOD, counts: [1, 2] }),
    /features\.V2\.counts: expected one count more than there are cuts/,
  ],
  ['a part of a record', of({ ...GOOD, missing: 0.5 }), /features\.V2\.missing: expected a whole number/],
  [
    'counts of other records',
    of(GOOD, 11),
    /features: V2: expected counts and missing that add up to records, 11, found 10/,
  ],
  ['no records', of({ cuts: [], counts: [0], missing: 0 }, 0), /records: expected/],
  [
    'an output that the model does not have',
    JSON.stringify({ records: 10, features: {}, outputs: { risk: GOOD } }),
    /outputs: expected columns of the model, one of score, found "risk"/,
  ],
] as const)
  test(`it is refused for ${what}`, (t) => {
    const { message: said } = t.throws(() => read(text), { instanceOf: ModelError }) as Error;
    t.regex(said, message);
  });

for (const folder of globSync('native-models/*/*/', { cwd: ROOT }))
  test(`what ships in ${folder} brings the distributions of its training`, (t) => {
    const manifest = readManifest(join(ROOT, folder));
    const { columns = [] } = readDistribution(manifest, readGolden(manifest)) ?? {};
    t.true(columns.length > 0);
  });

test('a path that leads out of the folder is refused', (t) => {
  const folder = tempFolder('distribution');
  const yaml = readFileSync(join(MODEL_FOLDER, 'model.yaml'), 'utf8');
  writeFileSync(join(folder, 'model.yaml'), yaml.replace('distribution.json', '../d.json'));
  t.throws(() => readManifest(folder), {
    instanceOf: ModelError,
    message: /inside of the model's folder, found "\.\.\/d\.json"/,
  });
});

test('text has no distribution, equal names are told apart, and lists have a column for each value', (t) => {
  const columns = measuredColumns(
    {
      inputs: [
        { kind: 'constant', constant: 1 },
        { kind: 'constant', constant: 1 },
        { kind: 'field', path: 'name', log1p: false, mean: 0, std: 1 },
        { kind: 'constant', constant: 2 },
      ],
      tensors: [
        { name: 'a', type: 'float32', shape: [2], column: 0, width: 2 },
        { name: 'b', type: 'string', shape: [1], column: 2, width: 1 },
        { name: 'c', type: 'int32', shape: [1], column: 3, width: 1 },
      ],
      outputs: [
        { name: 'label', as: 'label', type: 'text' },
        { name: 'p', as: 'p', type: 'float' },
      ],
      results: [],
    },
    [{ record: {}, timestampMs: 0, outputs: { label: ['x'], p: [0.1, 0.9] } }],
  );
  t.deepEqual(
    columns.map(({ name, place, element, isWhole }) => [name, place, element, isWhole]),
    [
      ['constant 1', 0, 0, false],
      ['constant 1 (2)', 1, 0, false],
      ['constant 2', 3, 0, true],
      ['p.0', 1, 0, false],
      ['p.1', 1, 1, false],
    ],
  );
});
