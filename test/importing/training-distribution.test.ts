// What a training script records of its own matrix is what `models distribution` would record of
// the same values, bit by bit.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../src/load/random.ts';
import { binOf, cutsFor } from '../../src/statistics/bins.ts';
import { ensurePython } from '../../tools/python.ts';
import { run } from '../../tools/run.ts';

const MODELS = join(import.meta.dirname, '..', '..', 'native-models');
const SIZE = 3_000;

/** Lists of JSON have no NaN: null is one. */
const SCRIPT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from distribution import write_distribution
import numpy as np
given = json.load(open(sys.argv[2] + "/given.json"))
columns = {name: np.array([np.nan if v is None else v for v in values]) for name, values in given.items()}
score = columns.pop("score")
write_distribution(sys.argv[2], columns, {"score": score})
`;

import { tempFolder } from '../../tools/temp-folder.ts';

interface Column {
  readonly cuts: readonly number[];
  readonly counts: readonly number[];
  readonly missing: number;
}

test('cuts and counts of a training script are ours', async (t) => {
  t.timeout(120_000);
  const random = new Random(8);
  const draw = (of: () => number | null): (number | null)[] => Array.from({ length: SIZE }, of);
  const given = {
    normal: draw(() => random.normal()),
    amounts: draw(() => Math.exp(4 * random.normal())),
    flag: draw(() => Number(random.next() < 0.1)),
    classes: draw(() => random.below(30)),
    constant: draw(() => -3.3),
    'both zeros': draw(() => (random.next() < 0.5 ? -0 : 0)),
    'some missing': draw(() => (random.next() < 0.3 ? null : random.next())),
    'all missing': draw(() => null),
    score: draw(() => 1 / (1 + Math.exp(4 + random.normal()))),
  };
  const folder = tempFolder('training');
  const text = JSON.stringify(given, (_, value) => (Object.is(value, -0) ? 'below' : value));
  writeFileSync(join(folder, 'given.json'), text.replaceAll('"below"', '-0.0'));
  const { executable } = await ensurePython();
  await run(executable, ['-c', SCRIPT, MODELS, folder]);
  const found = JSON.parse(readFileSync(join(folder, 'distribution.json'), 'utf8')) as {
    readonly records: number;
    readonly features: Readonly<Record<string, Column>>;
    readonly outputs: Readonly<Record<string, Column>>;
  };
  t.is(found.records, SIZE);
  t.deepEqual(Object.keys(found.outputs), ['score']);
  const columns: Readonly<Record<string, Column>> = { ...found.features, ...found.outputs };
  for (const [name, values] of Object.entries(given)) {
    const numbers = Float32Array.from(values.filter((value) => value !== null));
    const cuts = cutsFor(numbers.toSorted());
    const counts = new Array<number>(cuts.length + 1).fill(0);
    for (const value of numbers) {
      const bin = binOf(cuts, 0, cuts.length, value);
      counts[bin] = (counts[bin] as number) + 1;
    }
    const { cuts: theirs = [], ...rest } = columns[name] ?? {};
    t.deepEqual(Float32Array.from(theirs), cuts, name);
    t.deepEqual(rest, { counts, missing: SIZE - numbers.length }, name);
  }
});
