// Lanes that stay on a thread are spread by what they have to do.

import test from 'ava';
import { LanePlacement } from '../../src/pool/lane-placement.ts';

test('new lanes go where there are fewest, and stay', (t) => {
  const placement = new LanePlacement(3);
  t.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => placement.place(key)),
    [0, 1, 2, 0],
  );
  t.is(placement.place('b'), 1);
  placement.remove('b');
  t.is(placement.place('e'), 1);
});

test('a lane moves to the thread with the least to do, if that helps the busiest by a fifth', (t) => {
  const placement = new LanePlacement(2);
  for (const key of ['a', 'b', 'c', 'd']) placement.place(key);
  placement.worked('a', 1_000);
  placement.worked('c', 600);
  placement.worked('b', 100);
  t.deepEqual(placement.look(), { key: 'c', to: 1 });
  placement.moved({ key: 'c', to: 1 });
  t.is(placement.place('c'), 1);
  placement.worked('a', 1_000);
  placement.worked('c', 600);
  placement.worked('b', 100);
  t.is(placement.look(), null, 'now it could only get worse');
});

test('one busy lane alone on its thread stays', (t) => {
  const placement = new LanePlacement(2);
  for (const key of ['a', 'b']) placement.place(key);
  placement.worked('a', 1_000_000);
  t.is(placement.look(), null);
});
