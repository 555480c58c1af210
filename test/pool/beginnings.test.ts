// A state that began too late, because something in the log of which it takes nothing is later than
// all that it takes: no record is scored with it (invariant 8), it leaves no snapshot, and a good
// snapshot is not lost by it. On real threads.

import { readdirSync } from 'node:fs';
import test from 'ava';
import { startingAt } from '../../src/log/offset.ts';
import { beginningBefore, type TooLate } from '../../src/log/offset-before.ts';
import type { BeginningOf } from '../../src/pool/beginnings.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { EACH, Feeder, fates, features, poolWith, RECORDS } from '../support/stateful-pool.ts';

const POSITION = 400;
/** Refused: what a producer writes that sets no timestamp, in a log of older times. */
const NOW_MS = Date.UTC(2026, 10, 26);
const REFUSED = POSITION - 30;
const REACH = { ms: 9 * 86_400_000, driftMs: 0 };

/** The log of `RECORDS`, but that the one at `REFUSED` is stamped with the time of the clock. */
const begun: (TooLate | null)[] = [];
const beginningOf: BeginningOf = (_, position, tooLate) => {
  begun.push(tooLate);
  const times = RECORDS.map(({ at }, offset) => (offset === REFUSED ? NOW_MS : at));
  const offsetAt = async (timeMs: number): Promise<number> => {
    const found = times.findIndex((time) => time >= timeMs);
    return found < 0 ? times.length : found;
  };
  return beginningBefore(position, REACH, NOW_MS, offsetAt, tooLate);
};

test.serial(
  'a state that took nothing as late as the log has begins again further back, before a record is scored with it',
  async (t) => {
    begun.length = 0;
    const { pool, said } = await poolWith(1, null, 1, beginningOf);
    const feeder = new Feeder(pool);
    feeder.answered = POSITION;
    await feeder.run();
    await pool.stop();
    t.deepEqual(fates(feeder.answers), features.slice(POSITION));
    t.is(feeder.restores, 2, said.join('\n'));
    t.is(begun.at(-1)?.began, REFUSED, 'it began where that record is');
    t.regex(said.join('\n'), new RegExp(`built up from the log, from offset ${REFUSED} to ${POSITION}`));
  },
);

test.serial('a lane that ends before its state has proven itself leaves no snapshot', async (t) => {
  const directory = tempFolder('pool');
  const { pool } = await poolWith(1, directory, 1, beginningOf);
  const lane = { topic: 'in', partition: 0, epoch: 1 };
  t.is(await pool.restore(lane, startingAt(POSITION)), startingAt(REFUSED));
  await new Feeder(pool).feedOnly(lane, REFUSED, POSITION - 1);
  await pool.stop();
  t.deepEqual(readdirSync(directory), []);
});

test.serial('a good snapshot is used, though it is older than what was begun with at first', async (t) => {
  const directory = tempFolder('pool');
  const { pool: before } = await poolWith(1, directory);
  const earlier = new Feeder(before);
  await earlier.run(REFUSED - 2 * EACH);
  await before.stop();
  t.deepEqual(readdirSync(directory), ['in-0.state']);
  const { pool, said } = await poolWith(1, directory, 1, beginningOf);
  const feeder = new Feeder(pool);
  feeder.answered = POSITION;
  await feeder.run();
  await pool.stop();
  t.deepEqual(fates(feeder.answers), features.slice(POSITION));
  t.regex(said.join('\n'), /the state of a snapshot stands at \d+/);
});

test.serial(
  'what is scored in the micro-batch that crosses the position proves nothing about what lies below it',
  async (t) => {
    // The first scored record is as late as the one that was refused: a state that knows it looks
    // as if it had begun early enough.
    const late = POSITION + 1;
    const lateMs = RECORDS.at(-1)?.at ?? 0;
    const stamped: BeginningOf = (_, position, tooLate) => {
      const times = RECORDS.map(({ at }, offset) => (offset === REFUSED || offset >= late ? lateMs : at));
      const offsetAt = async (timeMs: number): Promise<number> => {
        const found = times.findIndex((time) => time >= timeMs);
        return found < 0 ? times.length : found;
      };
      return beginningBefore(position, { ms: 86_400_000, driftMs: 0 }, lateMs, offsetAt, tooLate);
    };
    const { pool } = await poolWith(1, null, 1, stamped);
    const lane = { topic: 'in', partition: 0, epoch: 1 };
    const from = await pool.restore(lane, startingAt(POSITION));
    t.is(from, startingAt(REFUSED));
    const feeder = new Feeder(pool);
    await t.throwsAsync(feeder.cross(lane, REFUSED, POSITION, RECORDS.length), {
      code: 'SCORELANE_STATE_LOST',
    });
    await pool.stop();
  },
);
