// The auditor of tortured windows finds what it is there to find.

import test from 'ava';
import { readManifest } from '../../src/model/manifest.ts';
import type { PartitionRecord } from '../support/records.ts';
import { windowsModel } from '../support/windows-model.ts';
import { compareFeatures } from './compare-features.ts';

const { folder } = windowsModel(
  '\n  - { window: { function: count, by: customer, size: 10s } }',
  '{ grace: 1s }',
);
const manifest = readManifest(folder);

const record = (
  offset: number,
  value: string,
  headers: PartitionRecord['headers'] = [],
): PartitionRecord => ({
  partition: 0,
  offset,
  timestampMs: 1_000 * offset,
  key: 'c1',
  value,
  headers,
});
const answer = (kind: 'source' | 'errors', source: number, value: string): PartitionRecord =>
  record(source, value, [
    [`__scorelane.${kind}.partition`, '0'],
    [`__scorelane.${kind}.offset`, String(source)],
  ]);
const result = (source: number, count: number): PartitionRecord =>
  answer('source', source, JSON.stringify({ features: [count] }));

const GOOD = '{"customer":"c1"}';
const inputs = [record(0, GOOD), record(1, 'not json'), record(2, GOOD)];
const dead = [answer('errors', 1, 'not json')];
const sound = {
  inputs: 3,
  missing: 0,
  repeats: 0,
  wronglyDead: 0,
  refused: 0,
  wronglyScored: 0,
  deadUntouched: true,
};
const compare = (results: readonly PartitionRecord[], letters = dead) =>
  compareFeatures(manifest, inputs, results, letters, [1]);

test('features as one undisturbed reading of the log gives them are sound (invariant 8)', (t) => {
  t.deepEqual(compare([result(0, 1), result(2, 2)]), sound);
});

test('a repeat with the same features is sound, and counted', (t) => {
  t.deepEqual(compare([result(0, 1), result(0, 1), result(2, 2)]), { ...sound, repeats: 1 });
});

test('other features, a record without an answer, a good record that is dead and a changed letter are found', (t) => {
  t.is(compare([result(0, 1), result(2, 1)]).wronglyScored, 1);
  t.is(compare([result(0, 1)]).missing, 1);
  t.is(compare([result(0, 1)], [...dead, answer('errors', 2, GOOD)]).wronglyDead, 1);
  t.false(compare([result(0, 1), result(2, 2)], [answer('errors', 1, 'not jsoN')]).deadUntouched);
});

test('a good record whose result was refused is wrongly dead, and counted as that', (t) => {
  const letter = answer('errors', 2, GOOD);
  const refused = {
    ...letter,
    headers: [...letter.headers, ['__scorelane.errors.code', 'RESULT_REFUSED'] as const],
  };
  t.like(compare([result(0, 1)], [...dead, refused, refused]), { wronglyDead: 1, refused: 1 });
});
