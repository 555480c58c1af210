// `models distribution` and `models import --samples` as a user meets them: a version gets the
// distributions of its samples, and the one before stays as it is.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../src/load/random.ts';
import { readDistribution } from '../../src/model/distribution.ts';
import { readGolden, readManifest } from '../../src/model/manifest.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program } from '../support/daemon.ts';
import { MODEL_FOLDER } from '../support/model.ts';

const folder = tempFolder('distribution');
const repository = join(folder, 'repository');
const golden = readGolden(readManifest(MODEL_FOLDER));
const ended = (...words: string[]) =>
  new Program(['models', ...words, '--repository', repository], { SCORELANE_PYTHON: '/there/is/no/python' })
    .ended;

/** A file with so many records like the golden ones. */
function samplesOf(name: string, count: number): string {
  const random = new Random(4);
  const lines = Array.from({ length: count }, (_, index) => {
    const { record } = golden[index % golden.length] as (typeof golden)[number];
    const moved = Object.entries(record).map(([key, value]) => [key, Number(value) + random.next()]);
    return JSON.stringify(Object.fromEntries(moved));
  });
  const file = join(folder, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

test.before(() => {
  mkdirSync(repository);
  cpSync(MODEL_FOLDER, join(repository, 'shop', '1'), { recursive: true });
});

const distributionOf = (version: string) => {
  const manifest = readManifest(join(repository, 'shop', version));
  return readDistribution(manifest, readGolden(manifest));
};

test.serial('models distribution adds a version with the distributions of the samples', async (t) => {
  const before = readFileSync(join(repository, 'shop', '1', 'model.yaml'), 'utf8');
  const { code, out } = await ended('distribution', 'shop', '--samples', samplesOf('payments.jsonl', 700));
  t.is(code, 0, out);
  t.regex(out, /^recorded {2}30 columns of 700 records of .*payments\.jsonl$/m);
  t.regex(out, /^written {3}shop version 2, version 1 otherwise: .*shop\/2$/m);
  const { columns = [], records } = distributionOf('2') ?? {};
  t.is(records, 700);
  t.is(columns.length, 30);
  t.like(columns[0], { kind: 'feature', name: 'V1', place: 0 });
  t.like(columns.at(-1), { kind: 'output', name: 'score', place: 0 });
  for (const { counts, name } of columns)
    t.true(counts[0] === 0 && counts.at(-2) === 0 && counts.length > 15, `${name}: ${counts}`);
  const after = readFileSync(join(repository, 'shop', '2', 'model.yaml'), 'utf8');
  t.regex(after, /^version: 2$/m);
  t.regex(after, /^distribution: \{ path: distribution\.json \}$/m);
  t.is(readFileSync(join(repository, 'shop', '1', 'model.yaml'), 'utf8'), before);
  t.is((await ended('verify', 'shop', '--version', '2')).code, 0);
});

test.serial('too few samples are refused, and leave nothing behind', async (t) => {
  const { code, out } = await ended('distribution', 'shop', '--samples', samplesOf('few.jsonl', 20));
  t.is(code, 78, out);
  t.regex(out, /few\.jsonl: expected at least 500 records that the model can score, .* found 20/);
  t.deepEqual(readdirSync(join(repository, 'shop')), ['1', '2']);
  t.deepEqual(readdirSync(repository), ['shop']);
});

test.serial('models verify finds a distribution of another model', async (t) => {
  cpSync(join(repository, 'shop', '2'), join(repository, 'shop', '3'), { recursive: true });
  const file = join(repository, 'shop', '3', 'distribution.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"V7"', '"V70"'));
  const { code, out } = await ended('verify', 'shop', '--version', '3');
  t.is(code, 78, out);
  t.regex(
    out,
    /features: expected columns of the model, one of V1, V2, .*, …, found "V70"; `scorelane models distribution`/,
  );
});

test.serial('models import records the distributions of its samples, if they are many', async (t) => {
  for (const [samples, said] of [
    [samplesOf('many.jsonl', 1_200), 'the distribution of 1200 records in 30 columns is recorded'],
    [join(folder, 'few.jsonl'), 'no distribution is recorded: expected at least 500 records'],
  ] as const) {
    const given = ['--samples', samples, '--inputs', join(MODEL_FOLDER, 'model.yaml')];
    const { code, out } = await ended('import', join(MODEL_FOLDER, 'model.json'), '--name', 'paid', ...given);
    t.is(code, 0, out);
    t.true(out.includes(`\ndrift    ${said}`), out);
  }
  const [first, second] = ['1', '2'].map((version) => readManifest(join(repository, 'paid', version)));
  t.deepEqual(first?.distribution, { path: 'distribution.json' });
  t.is(second?.distribution, undefined);
});
