// A broker that hangs: it closes nothing, so that only the wait for an answer shows it.

import test from 'ava';
import { Unanswered } from '../../src/kafka/unanswered.ts';

const SAID = 'broker 1 has not answered for more than 10 s';

function clock() {
  let nowMs = 0;
  const unanswered = new Unanswered(() => nowMs);
  return { unanswered, pass: (ms: number) => void (nowMs += ms) };
}

test('a broker that has not answered for long is named, until it answers', (t) => {
  const { unanswered, pass } = clock();
  unanswered.asked(1, 500);
  pass(10_500);
  t.is(unanswered.inWords, null, 'it may wait by itself');
  pass(1);
  t.is(unanswered.inWords, SAID);
  unanswered.asked(2, 500);
  pass(20_000);
  t.is(unanswered.inWords, 'brokers 1, 2 have not answered for more than 10 s');
  unanswered.answered(2);
  t.is(unanswered.inWords, SAID);
  unanswered.answered(1);
  t.is(unanswered.inWords, null);
});

test('tries that end without an answer count on from the first', (t) => {
  const { unanswered, pass } = clock();
  for (let tries = 0; tries < 4; tries++) {
    unanswered.begins(1);
    unanswered.asked(1, 0);
    pass(3_000);
    unanswered.ends(1);
  }
  t.is(unanswered.inWords, SAID);
  pass(10_001);
  t.is(unanswered.inWords, null, 'it is not asked any more: others lead its partitions');
  unanswered.begins(1);
  unanswered.asked(1, 0);
  t.is(unanswered.inWords, null, 'what was long ago does not count');
});

test('a try that waits for something else before it asks again goes on, for as long as it takes', (t) => {
  const { unanswered, pass } = clock();
  unanswered.asked(1, 0);
  pass(30_000);
  unanswered.ends(1);
  unanswered.begins(1);
  for (let tens = 0; tens < 6; tens++) {
    pass(10_000);
    t.is(unanswered.inWords, SAID);
  }
});

test('answers that come all the time, and consumers that are given up, leave nothing', (t) => {
  const { unanswered, pass } = clock();
  for (let fetches = 0; fetches < 100; fetches++) {
    unanswered.asked(1, 500);
    pass(500);
    unanswered.answered(1);
  }
  unanswered.asked(1, 500);
  unanswered.clear();
  pass(20_000);
  t.is(unanswered.inWords, null);
});
