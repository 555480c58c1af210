// What metrics tell of a shadow is what anybody finds who scores the same records with both
// versions and compares their results.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { TRIAL_SKETCH_BITS } from '../../src/scoring/trial.ts';
import { countsBetween, cutsOf, populationStability } from '../../src/statistics/population-stability.ts';
import { Sketch } from '../../src/statistics/sketch.ts';
import { seenOf } from '../support/seen-versions.ts';
import { until } from '../support/until.ts';
import { serving, type VersionedResult, VersionsRepository } from '../support/versions.ts';

/** The record, and what the version said of it, with its decision. */
type Result = VersionedResult & { readonly fraud: boolean };

const RECORDS = 400;
const PIECE = 20;
const amounts = Array.from({ length: RECORDS }, (_, id) => ({ id, amount: ((id * 37) % 101) ** 2 }));

const sketchOf = (values: readonly number[]): Sketch => {
  const sketch = new Sketch(TRIAL_SKETCH_BITS);
  for (const value of values) sketch.add(value);
  return sketch;
};

test.serial('metrics of a shadow equal those computed from the results of both versions', async (t) => {
  const repository = new VersionsRepository();
  const more = 'results: [{ as: fraud, threshold: score, above: 0.44 }]\n';
  repository.add('1', { more });
  repository.add('2', { hidden: 16, more });
  writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1, shadow: 2 }\n');
  const one = ['scoring.workers=1', 'model.shadowBudget=1'];
  const { daemon, url, send, results } = await seenOf(t, repository, 'model.version=stable', ...one);
  await daemon.living.look();
  // Small enough that no micro-batch is full: then the shadow would rest.
  for (let from = 0; from < RECORDS; from += PIECE) {
    await send(0, amounts.slice(from, from + PIECE));
    await until('these scores', () => results().length >= from + PIECE);
  }
  // A thread tells a few times a second what it has seen: it needs a reason.
  const seen = await until('what the shadow has seen', async () => {
    const count = results().length;
    await send(0, [{ id: count, amount: 10 } as { id: number }]);
    await until('one more', () => results().length > count);
    const [told] = daemon.meter.trials.all;
    return told !== undefined && told.records >= RECORDS ? told : undefined;
  });

  const alone = await serving(repository, 1, 'model.version=2', 'scoring.workers=1');
  t.teardown(() => alone.daemon.stop());
  const given = results() as Result[];
  const all = [...amounts, ...given.slice(RECORDS).map(({ id }) => ({ id, amount: 10 }))];
  await alone.send(0, all);
  await until('the scores of version 2', () => alone.results().length === all.length);
  // One thread has one lane: what it has told is of the first records.
  const [serves, tried] = [given, alone.results() as Result[]].map((each) => each.slice(0, seen.records)) as [
    Result[],
    Result[],
  ];
  t.deepEqual(
    [serves, tried].map((each) => new Set(each.map(({ version }) => version))),
    [new Set(['1']), new Set(['2'])],
  );

  const text = await (await fetch(`${url}/metrics`)).text();
  const metric = (name: string, ...labels: string[]): number => {
    const lines = text
      .split('\n')
      .filter(
        (line) =>
          line.startsWith(`scorelane_trial_${name}{`) && labels.every((label) => line.includes(label)),
      );
    t.is(lines.length, 1, `${name} ${labels}`);
    return Number(lines[0]?.split(' ').at(-1));
  };
  t.is(metric('records_total'), seen.records);
  t.is(metric('serving_records_total'), seen.records);
  t.is(metric('failed_records_total'), 0);
  t.is(metric('skipped_records_total'), 0);
  const decided = (says: boolean, said: boolean): number =>
    serves.filter(({ fraud }, index) => fraud === said && tried[index]?.fraud === says).length;
  for (const says of [true, false])
    for (const said of [true, false]) {
      const labels = [`tried="${says}"`, `serving="${said}"`];
      t.is(metric('decisions_total', ...labels), decided(says, said), labels.join(' '));
    }
  t.true(decided(true, false) + decided(false, true) > 0 && decided(true, true) + decided(false, false) > 0);

  const [said, says] = [serves, tried].map((each) => each.map(({ score }) => Math.fround(score))) as [
    number[],
    number[],
  ];
  const apart = said.map((score, index) => Math.abs(score - (says[index] as number)));
  t.deepEqual(seen.differences.saved(), sketchOf(apart).saved(), 'the same differences, in the same buckets');
  t.deepEqual(seen.scores.saved(), sketchOf(says).saved());
  t.deepEqual(seen.servingScores.saved(), sketchOf(said).saved());
  const sorted = apart.toSorted((left, right) => left - right);
  for (const share of [0.5, 0.9, 0.99]) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1] as number;
    const told = metric('score_difference', `quantile="${share}"`);
    t.true(Math.abs(told - exact) <= seen.differences.relativeError * exact, `${share}: ${told}, ${exact}`);
  }
  t.is(metric('score_difference', 'quantile="1"'), sorted.at(-1) as number);
  const cuts = cutsOf(sketchOf(said));
  const shift = populationStability(countsBetween(sketchOf(said), cuts), countsBetween(sketchOf(says), cuts));
  t.is(metric('score_shift'), shift);
});
