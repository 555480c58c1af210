// Versions that are tried on live records, with real threads on the embedded log: a shadow is never
// seen, a canary keeps its keys, and neither costs a record.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { orderedVersion } from '../../src/daemon/ordered-version.ts';
import { until } from '../support/until.ts';
import { serving, VersionsRepository } from '../support/versions.ts';

test.serial(
  'a shadow scores the same rows unseen: what it says is counted, and results stay as they are',
  async (t) => {
    const repository = new VersionsRepository();
    repository.add('1');
    repository.add('2', { hidden: 16 });
    writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1, shadow: 2 }\n');
    const served = await serving(repository, 1, 'model.version=stable', 'model.shadowBudget=1');
    const { daemon } = served;
    t.teardown(() => daemon.stop());
    await daemon.living.look();
    t.deepEqual(
      daemon.living.versions.map(({ version, state, trial }) => [version, state, trial]),
      [
        ['1', 'serving', null],
        ['2', 'loaded', 'shadow'],
      ],
    );
    const amounts = Array.from({ length: 200 }, (_, id) => ({ id, amount: id }));
    for (let from = 0; from < amounts.length; from += 20) {
      await served.send(0, amounts.slice(from, from + 20));
      await until('these scores', () => served.results().length === from + 20);
    }
    const seen = await until('what the shadow has seen', async () => {
      await served.send(0, [{ id: 1_000, amount: 1 } as { id: number }]);
      const [told] = daemon.meter.trials.all;
      return told !== undefined && told.records >= amounts.length ? told : undefined;
    });
    t.like(seen, { kind: 'shadow', deployment: 'cards@2', failures: 0 });
    t.is(seen.differences.count, seen.records, 'each row is compared');
    const scores = served.results();
    t.true(scores.every(({ version }) => version === '1'));
    const [one, two] = ['1', '2'].map((version) => repository.scoresOf(version, amounts)) as [
      number[],
      number[],
    ];
    t.deepEqual(
      scores.slice(0, 200).map(({ score }, id) => Math.abs(score - (one[id] as number)) < 1e-6),
      one.map(() => true),
    );
    const apart = one.map((score, id) => Math.abs(score - (two[id] as number)));
    t.true(
      Math.abs(seen.differences.max - Math.max(...apart)) < 1e-6,
      'the largest difference is that of both models',
    );
  },
);

test.serial('a canary scores its share of keys, always the same ones, and the results say so', async (t) => {
  const repository = new VersionsRepository();
  repository.add('1');
  repository.add('2', { hidden: 16 });
  writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1, canary: 2 }\n');
  const served = await serving(
    ...([repository, 1, 'model.version=stable', 'model.canaryShare=0.3', 'model.canaryShift=100'] as const),
    'model.canaryLatency=1000',
  );
  const { daemon } = served;
  t.teardown(() => daemon.stop());
  await daemon.living.look();
  const KEYS = 60;
  let id = 0;
  for (let round = 0; round < 3; round++)
    for (let key = 0; key < KEYS; key++, id++)
      await served.send(0, [{ id, amount: key } as { id: number }], `key-${key}`);
  await until('all scores', () => served.results().length === 3 * KEYS && daemon.lag === 0);
  const results = served.results();
  t.deepEqual(
    results.map((result) => result.id),
    Array.from({ length: 3 * KEYS }, (_, each) => each),
    'in their order',
  );
  const byKey = Array.from({ length: KEYS }, (_, key) =>
    results.filter((result) => result.id % KEYS === key),
  );
  for (const ofKey of byKey) t.is(new Set(ofKey.map(({ version }) => version)).size, 1);
  const canarys = byKey.filter(([first]) => first?.version === '2').length;
  t.true(canarys > 5 && canarys < 35, `${canarys} of ${KEYS} keys`);
  for (const version of ['1', '2']) {
    const wanted = repository.scoresOf(
      version,
      results.map((result) => ({ id: result.id, amount: result.id % KEYS })),
    );
    for (const [index, result] of results.entries())
      if (result.version === version) t.true(Math.abs(result.score - (wanted[index] as number)) < 1e-6);
  }
});

for (const [name, settings, spoil, words] of [
  ['scores otherwise', ['model.canaryShift=0.1'], 'shift', /PSI of/],
  ['fails', [], 'throws', /fails on/],
] as const)
  test.serial(`a canary that ${name} is taken back by itself: every record has its score`, async (t) => {
    const repository = new VersionsRepository();
    const inputs = spoil === 'shift' ? {} : { inputs: '\n  - { path: amount }' };
    repository.add('1', inputs);
    repository.add('2', { ...inputs, ...(spoil === 'shift' ? { hidden: 64 } : { scale: 1e4 }) });
    writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1, canary: 2 }\n');
    const served = await serving(
      ...([
        repository,
        1,
        'model.version=stable',
        'model.canaryShare=0.5',
        'model.canaryLatency=1000',
      ] as const),
      ...['model.canaryRecords=200', 'scoring.workers=1'],
      ...settings,
    );
    const { daemon } = served;
    t.teardown(() => daemon.stop());
    await daemon.living.look();
    let id = 0;
    const isBack = () => daemon.meter.daemon.canariesTakenBack === 1;
    while (!isBack()) {
      const records = Array.from({ length: 20 }, () => ({
        id: id++,
        amount: spoil === 'throws' ? 1e38 : id,
      }));
      for (const record of records) await served.send(0, [record], `key-${record.id}`);
      await until('their answers', () => daemon.meter.answered === id);
      if (id > 20_000) return t.fail('it was never taken back');
    }
    const [, canary] = daemon.living.versions;
    t.is(canary?.trial, null);
    t.regex(canary?.why ?? '', words);
    await served.send(0, [{ id, amount: 1 } as { id: number }], 'key-1');
    await until('one more', () => served.results().at(-1)?.id === id);
    t.is(served.results().at(-1)?.version, '1');
    t.is(daemon.meter.records.deadLetters, 0);
    const promote = (version?: string) =>
      orderedVersion(daemon, { type: 'promote', version, label: 'stable' });
    const unnamed = (await promote()) as { readonly refused: string };
    t.regex(
      unnamed.refused,
      /version 2 is not tried any more: .*; name the version to promote it all the same/,
    );
    t.is(daemon.living.serving, '1');
    await promote('2');
    t.is(daemon.living.serving, '2');
  });
