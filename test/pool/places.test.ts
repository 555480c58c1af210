// Where requests are told that the state of a lane is: on its thread, for a version with its
// windows, as long as it is there and was proven.

import test from 'ava';
import { startingAt } from '../../src/log/offset.ts';
import { deploymentOf } from '../support/model.ts';
import { Feeder, OTHER_PLAN, poolWith, RECORDS, SAME_PLAN } from '../support/stateful-pool.ts';
import { until } from '../support/until.ts';

const [NOW, SAME, OTHER] = ['m@1', 'm@2', 'm@3'];
const versionOf = (id: string, modelFolder: string) => ({
  ...deploymentOf({ modelFolder, features: true, predictRecordsMax: 20 }),
  id,
});

test('a state is for the versions with its windows; once another serves it is missed', async (t) => {
  const { pool } = await poolWith(1);
  t.teardown(() => pool.stop());
  const feeder = new Feeder(pool);
  t.is(pool.placeOf(feeder.lane, NOW), null, 'nothing was begun');
  await feeder.run(40);
  const { lane } = feeder;
  const place = { epoch: lane.epoch, thread: 0 };
  t.deepEqual(pool.placeOf(lane, NOW), place);
  // Versions without a plan of their own have that of the first.
  await pool.versions.add(versionOf(SAME, SAME_PLAN.folder));
  await pool.versions.add({ ...versionOf(OTHER, OTHER_PLAN.folder), plan: 'another' });
  t.deepEqual(pool.placeOf(lane, SAME), place);
  t.is(pool.placeOf(lane, OTHER), 'unready');
  pool.versions.serve(OTHER);
  t.is(pool.placeOf(lane, OTHER), null, 'it has to be built up with the windows that serve now');
  t.deepEqual(pool.placeOf(lane, NOW), place, 'and requests that came before find theirs');
  pool.lost({ ...lane, epoch: lane.epoch + 1 });
  t.deepEqual(pool.placeOf(lane, NOW), place, 'another ownership');
  pool.lost(lane);
  t.is(pool.placeOf(lane, NOW), null);
});

test('a state that may have begun too late is looked at, also when no record comes', async (t) => {
  const tooLate: boolean[] = [];
  // It was assumed that a record of the end of time is behind the beginning: there is none.
  const { pool } = await poolWith(1, null, 1, async (_, position, late) => {
    tooLate.push(late !== null);
    return late === null
      ? { offset: position, assumedMs: Number.MAX_SAFE_INTEGER }
      : { offset: 0, assumedMs: Number.NEGATIVE_INFINITY };
  });
  t.teardown(() => pool.stop());
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  const position = startingAt(RECORDS.length);
  t.is(await pool.restore(lane, position), position);
  t.is(pool.placeOf(lane, NOW), 'unready');
  await until('it to be looked at', () => pool.placeOf(lane, NOW) !== 'unready');
  t.is(pool.placeOf(lane, NOW), null, 'it began too late');
  t.is(await pool.restore({ ...lane, epoch: 2 }, position), startingAt(0), 'and begins again, further back');
  t.deepEqual(tooLate, [false, true, true]);
});
