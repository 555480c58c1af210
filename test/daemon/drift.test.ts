// The distributions of what a daemon scores against those that its model was made with, from
// records on the embedded log to the metrics.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Random } from '../../src/load/random.ts';
import type { VersionDrift } from '../../src/telemetry/drift-meter.ts';
import { DRIFTING_INPUTS, measuredRecords, withDistributions } from '../support/drifting.ts';
import { until } from '../support/until.ts';
import { serving, VersionsRepository } from '../support/versions.ts';

const BATCH = 500;

async function measuring(t: ExecutionContext, ...settings: string[]) {
  const repository = new VersionsRepository();
  const spoil = await withDistributions();
  repository.add('1', { inputs: DRIFTING_INPUTS, spoil });
  writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1 }\n');
  const served = await serving(repository, 1, 'drift.sampling=1', 'model.watch=0', ...settings);
  t.teardown(() => served.daemon.stop());
  const random = new Random(2);
  const readings = () => served.daemon.meter.drift.readings(performance.now());
  let sent = 0;
  /** Sends records until so many are in the window, as threads tell of them. */
  const score = async (records: number, factor?: number): Promise<VersionDrift> => {
    for (;;) {
      const [reading] = readings();
      if (reading !== undefined && reading.records >= records) return reading;
      const before = served.daemon.meter.answered;
      await served.send(0, measuredRecords(random, BATCH, factor));
      sent += BATCH;
      await until('answers', () => served.daemon.meter.answered === before + BATCH);
    }
  };
  return { ...served, repository, spoil, score, readings, sent: () => sent };
}

const psiOf = ({ columns }: VersionDrift, name: string): number =>
  columns.find(({ column }) => column === name)?.psi ?? Number.NaN;

test.serial(
  'records that shift raise the figures of their feature and of the score, and of no other feature',
  async (t) => {
    const { score, sent } = await measuring(t);
    const same = await score(4_000);
    t.deepEqual(same.columns.map(({ kind, column }) => `${kind} ${column}`).toSorted(), [
      'feature amount',
      'feature size',
      'output score',
    ]);
    for (const { column, psi, ks } of same.columns) {
      t.true(psi < 0.05, `${column}: ${psi}`);
      t.true(ks < 0.05, `${column}: ${ks}`);
    }
    const shifted = await score(3 * sent(), 3);
    t.is(shifted.version, '1');
    t.true(psiOf(shifted, 'amount') > 0.2, `${psiOf(shifted, 'amount')}`);
    t.true(psiOf(shifted, 'score') > 0.05);
    t.true(psiOf(shifted, 'size') < 0.02, `${psiOf(shifted, 'size')}`);
  },
);

test.serial('when another version serves, the window begins anew for it', async (t) => {
  const { score, daemon, repository, spoil, readings } = await measuring(t);
  await score(2_000, 3);
  repository.add('2', { inputs: DRIFTING_INPUTS, spoil });
  await daemon.living.look();
  t.is(daemon.living.serving, '2');
  t.deepEqual(readings(), []);
  const reading = await score(2_000);
  t.is(reading.version, '2');
  t.true(psiOf(reading, 'amount') < 0.1, `${psiOf(reading, 'amount')}`);
});

test.serial('nothing is counted where drift.sampling is 0', async (t) => {
  const { send, daemon, readings } = await measuring(t, 'drift.sampling=0');
  await send(0, measuredRecords(new Random(3), BATCH));
  await until('answers', () => daemon.meter.answered === BATCH);
  t.deepEqual(readings(), []);
});

test.serial(
  'while a canary has some of the keys, the records of the version that serves still count',
  async (t) => {
    const settings = ['model.version=stable', 'model.canaryShare=0.5', 'model.canaryShift=1000'];
    const { daemon, repository, send, results } = await measuring(t, ...settings, 'model.canaryLatency=1000');
    repository.add('2', { inputs: DRIFTING_INPUTS });
    writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1, canary: 2 }\n');
    await daemon.living.look();
    t.is(daemon.living.versions.find(({ version }) => version === '2')?.trial, 'canary');
    const random = new Random(3);
    let sent = 0;
    const reading = await until('records that are counted', async () => {
      await send(0, measuredRecords(random, 50), `key-${sent}`);
      sent += 50;
      await until('answers', () => daemon.meter.answered === sent);
      return daemon.meter.drift.readings(performance.now()).find(({ records }) => records > 0);
    });
    const served = results().filter(({ version }) => version === '1').length;
    t.true(served < sent, 'the canary has had its share');
    t.true(reading.records <= served, 'which is not counted');
  },
);
