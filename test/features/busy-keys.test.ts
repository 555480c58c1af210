// Keys of which much waits: their windows are those of the naive implementation, the same to the
// bit however the state came to be, and no record walks all that waits.

import test from 'ava';
import fc from 'fast-check';
import type { Archive, Numbers } from '../../src/features/archive.ts';
import { Gathered } from '../../src/features/panes.ts';
import { WaitingList } from '../../src/features/waiting-list.ts';
import { WindowState } from '../../src/features/window-state.ts';
import {
  BUSY_GRACE_MS,
  busyEvents,
  columnsOf,
  holdAgainstNaive,
  options,
  taken,
  windows,
} from '../support/naive-windows.ts';
import { runs } from '../support/runs.ts';

test('windows of busy keys are what a naive implementation says', (t) => {
  fc.assert(
    fc.property(windows, busyEvents, (all, given) => holdAgainstNaive(all, given, BUSY_GRACE_MS)),
    runs(100),
  );
  t.pass();
});

test('a state of busy keys that was carried over in the middle goes on with the same numbers, to the bit', (t) => {
  fc.assert(
    fc.property(windows, busyEvents, fc.nat(399), (all, given, at) => {
      const cut = Math.min(at, given.length);
      const [whole, before, after] = [0, 1, 2].map(() => new WindowState(all, options(BUSY_GRACE_MS)));
      const wanted = taken(whole as WindowState, columnsOf(all), given);
      taken(before as WindowState, columnsOf(all), given.slice(0, cut));
      const parts: (number[] | Numbers)[] = [];
      const keep = <T extends number[] | Numbers>(part: T): T => {
        parts.push(part.slice());
        return part;
      };
      (before as WindowState).saveOrRestore({
        numbers: (values) => keep([...values]),
        array: (array) => keep(array),
        list: (values) => keep([...values]),
      } satisfies Archive);
      (after as WindowState).saveOrRestore({
        numbers: () => parts.shift() as number[],
        array: <T extends Numbers>() => parts.shift() as T,
        list: () => parts.shift() as number[],
      } satisfies Archive);
      t.deepEqual(taken(after as WindowState, columnsOf(all), given.slice(cut)), wanted.slice(cut));
    }),
    runs(100),
  );
});

test('with 20,000 waiting of one key a record looks at a few hundred of them at most, in order and out of order', (t) => {
  const times: number[] = [];
  let looks = 0;
  const list = new WaitingList(
    {
      timeOf: (entry) => {
        looks++;
        return times[entry] as number;
      },
      gather: (_entry, _value, into) => {
        looks++;
        into.addOne(1, 0, { moments: false, distinct: false });
      },
    },
    0,
    80,
  );
  const WAITING = 20_000;
  list.reserve(2 * WAITING);
  const take = (timeMs: number): number => {
    const into = new Gathered();
    list.gatherBack(0, list.lastUpTo(0, timeMs), 1e9, 0, -1, { moments: false, distinct: false }, into);
    list.add(times.push(timeMs) - 1, 0);
    return into.count;
  };
  for (let entry = 0; entry < WAITING; entry++) take(entry);
  looks = 0;
  for (let more = 0; more < 1_000; more++) {
    const timeMs = WAITING + more - (more % 4 === 0 ? 300 : 0);
    list.removeFirst(more, 0);
    // All that are not later, less those that went.
    const later = times.filter((other) => other > timeMs).length;
    t.is(take(timeMs), WAITING + more - later - (more + 1));
  }
  t.true(looks / 1_000 < 1_500, `${looks / 1_000} looks a record`);
});
