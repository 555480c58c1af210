// A line that repeats is said now and then, with the number of times that it was held back; others
// are not held back for it.

import test from 'ava';
import { Seldom } from '../../src/base/seldom.ts';

test('a line comes again after ten seconds, with how often it was held back', (t) => {
  let nowMs = 0;
  const seldom = new Seldom(() => nowMs);
  t.is(seldom.repeatsOf('the broker is away'), 0);
  for (nowMs = 1; nowMs <= 3; nowMs++) t.is(seldom.repeatsOf('the broker is away'), null);
  t.is(seldom.repeatsOf('another'), 0);
  nowMs = 10_000;
  t.is(seldom.repeatsOf('the broker is away'), 3);
  t.is(seldom.repeatsOf('the broker is away'), null);
});
