// The pool for lanes with a state, on real threads: whatever becomes of a thread, a record's
// features are those of an undisturbed reading (invariant 8), and a record that costs a thread
// every time costs only itself (invariant 7).

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { startingAt } from '../../src/log/offset.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { microBatchOf } from '../support/model.ts';
import {
  EACH,
  Feeder,
  fates,
  features,
  OTHER_PLAN,
  poolWith,
  RECORDS,
  SAME_PLAN,
} from '../support/stateful-pool.ts';
import { until } from '../support/until.ts';

test('several lanes on one thread, each with several micro-batches in flight, lose no state and have the right features', async (t) => {
  const { pool, said } = await poolWith(1);
  const feeders = [0, 1, 2].map((partition) => new Feeder(pool, partition));
  await Promise.all(feeders.map((feeder) => feeder.run()));
  await pool.stop();
  for (const { answers, restores } of feeders) {
    t.is(restores, 1, said.join('\n'));
    t.deepEqual(fates(answers), features);
  }
});

test('records that make their thread exit, or throw, become dead letters; all others have the features as if nothing had been', async (t) => {
  const trouble: Readonly<Record<number, string>> = { 130: 'exit', 131: 'throw', 400: 'exit' };
  const directory = tempFolder('pool');
  const { pool, said } = await poolWith(1, directory);
  const feeder = new Feeder(pool, 0, (offset) => trouble[offset] ?? 'k');
  await feeder.run();
  await pool.stop();
  const wanted = features.map((row, offset) => (offset in trouble ? 'WORKER_LOST' : row));
  // What the fault worker refuses it takes when it need not score it: so these records are in the
  // windows of others.
  t.deepEqual(fates(feeder.answers), wanted);
  t.true(feeder.restores > 6);
  t.true(
    said.some((words) => words.includes('the state of a snapshot stands at')),
    said.join('\n'),
  );
});

test('a version that is tried and ends its thread costs no record of a lane with windows', async (t) => {
  const { pool, said } = await poolWith(1);
  const trials = [{ deployment: 'm@2', kind: 'shadow', share: 1 }] as const;
  const feeder = new Feeder(pool, 0, (offset) => (offset === 130 ? 'tried' : 'k'), trials);
  await feeder.run();
  await pool.stop();
  t.deepEqual(fates(feeder.answers), features);
  t.is(feeder.restores, 2, said.join('\n'));
});

test('a thread that keeps no more than its states is not replaced, whatever it left behind on the way', async (t) => {
  const { pool, said } = await poolWith(1, null, 1, undefined, { bytesMax: 1, tensorsMax: 1_000 });
  const feeder = new Feeder(pool);
  await feeder.run();
  await pool.stop();
  t.deepEqual(fates(feeder.answers), features);
  t.is(feeder.restores, 1, said.join('\n'));
});

test('lanes move to a thread that has less to do, between two micro-batches, and nothing of their state is lost', async (t) => {
  const { pool, said } = await poolWith(2, null, 100);
  // Two on one thread, and one on the other that has nothing to do.
  const feeders = [0, 1, 2].map((partition) => new Feeder(pool, partition));
  const [first, idle, third] = feeders as [Feeder, Feeder, Feeder];
  await first.run(EACH);
  await idle.run(EACH);
  await Promise.all([first.run(), third.run()]);
  await pool.stop();
  t.true(
    said.some((words) => words.includes('goes to thread')),
    said.join('\n'),
  );
  t.deepEqual(fates(first.answers), features);
  t.deepEqual(fates(third.answers), features);
  t.is(third.restores, 1, 'a move is no loss');
});

test('the state of a lane that has ended is forgotten by its thread', async (t) => {
  const { pool, said } = await poolWith(1);
  const feeder = new Feeder(pool);
  await feeder.run(EACH);
  pool.forget(feeder.lane);
  // Asked in order: by the time that another lane is there, the first is gone.
  const other = new Feeder(pool, 1);
  await other.run(EACH);
  await pool.stop();
  t.deepEqual(
    said.filter((words) => words.includes('could not')),
    [],
  );
});

test('a lane that ends leaves a snapshot, and one that comes back goes on from it', async (t) => {
  const directory = tempFolder('pool');
  const { pool, said: before } = await poolWith(2, directory);
  const feeder = new Feeder(pool);
  await feeder.run(200);
  pool.forget(feeder.lane);
  await until('the snapshot to be there, whole', () => {
    const isTaken = before.some((words) => words.includes('snapshot at 200,'));
    const files = (readdirSync(directory, { recursive: true }) as string[]).filter((name) =>
      name.includes('.state'),
    );
    return isTaken && files.join() === 'in-0.state';
  });
  const { pool: other, said } = await poolWith(1, directory);
  const next = new Feeder(other);
  next.answered = 200;
  await next.run();
  t.deepEqual(fates(next.answers), features.slice(200));
  t.regex(said.join('\n'), /in\/0: the state of a snapshot stands at 200, 0 offsets before/);
  await Promise.all([pool.stop(), other.stop()]);
});

test('another version of the model takes a snapshot for its own where the feature plan is the same, and only there', async (t) => {
  const directory = tempFolder('pool');
  const { pool } = await poolWith(1, directory);
  await new Feeder(pool).run(200);
  await pool.stop();
  const goesOn = async ({ folder }: typeof SAME_PLAN): Promise<string> => {
    const { pool: next, said } = await poolWith(1, directory, 1, undefined, undefined, folder);
    await next.restore({ topic: 'in', partition: 0, epoch: 1 }, startingAt(200));
    await next.stop();
    return said.join('\n');
  };
  t.regex(await goesOn(SAME_PLAN), /the state of a snapshot stands at 200/);
  t.regex(await goesOn(OTHER_PLAN), /is of no use: it is of plan /);
});

test('two records in flight that end their thread cost themselves only, and no lane beside them is blamed', async (t) => {
  const { pool, said } = await poolWith(1);
  const poison = [10, 30];
  const lanes = [0, 1].map(
    (partition) =>
      new Feeder(pool, partition, (at) => (partition === 0 && poison.includes(at) ? 'exit' : 'k')),
  );
  await Promise.all(lanes.map((lane) => lane.run(100)));
  await pool.stop();
  t.deepEqual(
    lanes.map(({ answers }) => answers.reduce((sum, { deadLetters }) => sum + deadLetters, 0)),
    [poison.length, 0],
  );
  const losses = said.filter((words) => words.includes('worker exited'));
  t.true(losses.every((words) => words.includes('in/0')));
  // Each once with its neighbours, and twice alone.
  t.is(losses.length, 3 * poison.length, losses.join('\n'));
});

test('records that come too late for their windows are counted when they are scored, not when they are fed', async (t) => {
  const { pool } = await poolWith(1);
  const [early, later] = [RECORDS[0], RECORDS[400]];
  const values = [later, early, early].map((value) => ({ key: 'k', value: { ...value } }));
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  await pool.restore(lane, startingAt(2));
  const microBatch = { ...microBatchOf(values), ...lane, scoreFrom: startingAt(2) };
  const { windows, scored } = await pool.score(microBatch);
  t.is(scored, 1);
  t.deepEqual(windows, { late: 1, forgotten: 0, hurried: 0, ahead: 0 });
  await pool.stop();
});

test('a log that does not say where to begin is no fault of a thread', async (t) => {
  const { pool, said } = await poolWith(1, null, 1, () => Promise.reject(new Error('no broker')));
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  await t.throwsAsync(pool.restore(lane, startingAt(0)), { message: 'no broker' });
  t.deepEqual(said, [], 'none was lost');
  await pool.stop();
});

test('a micro-batch of a lane without a state, or of an ownership that has ended, is refused', async (t) => {
  const { pool } = await poolWith(1);
  const microBatch = microBatchOf([{ key: 'k', value: { ...RECORDS[0] } }]);
  const lost = { code: 'SCORELANE_STATE_LOST' };
  await t.throwsAsync(pool.score(microBatch), lost);
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  await pool.restore(lane, startingAt(0));
  await t.throwsAsync(pool.score({ ...microBatch, epoch: 2 }), lost);
  pool.forget(lane);
  await t.throwsAsync(pool.score(microBatch), lost);
  await pool.stop();
});

test.serial('offsets without records, as markers of transactions have, cost no state', async (t) => {
  const { pool, said } = await poolWith(1);
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  await pool.restore(lane, startingAt(0));
  const feeder = new Feeder(pool);
  await feeder.feedOnly(lane, 0, EACH);
  await t.notThrowsAsync(feeder.feedOnly(lane, EACH + 3, 2 * EACH), said.join('\n'));
  await pool.stop();
});

test.serial('states that were prepared go with the last version that could take them', async (t) => {
  const { pool, said } = await poolWith(1);
  const { versions, prepared } = pool;
  const lane = { topic: 'in', partition: 0 };
  const { setup } = versions.serving;
  for (const id of ['2', '3']) await versions.add({ id, setup, plan: 'other' });
  const folder = prepared.folderOf('other');
  const store = prepared.storeOf('other');
  const draft = store.draft(lane);
  writeFileSync(draft, 'a state');
  await store.publish(draft, lane);
  await versions.remove('2');
  t.truthy(prepared.find('other', lane), 'version 3 may serve yet');
  await versions.remove('3');
  await until('the folder to be deleted', () => !existsSync(folder));
  t.is(prepared.find('other', lane), null);
  t.not(prepared.folderOf('another'), prepared.folderOf('other'));
  await pool.stop();
  t.deepEqual(said, []);
});
