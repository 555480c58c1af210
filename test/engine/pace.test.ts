// The pace (invariant 10): how long the source rests after a fetch, and why; on a clock that the
// test moves.

import test from 'ava';
import { acknowledgedAfter, cyclesCost, explainPace, newPace, restAfter } from '../../src/engine/pace.ts';
import { Engine, of } from './one-engine.ts';

/** A pace that has seen cycles of that cost, and records that took that long. */
function seen(cycleMs: number, wayMs: number) {
  const pace = newPace();
  for (let count = 0; count < 100; count++) {
    acknowledgedAfter(pace, wayMs);
    pace.fetches = 10;
    cyclesCost(pace, 10 * cycleMs);
  }
  return pace;
}

const rests = (engine: Engine, nowMs: number, count = 1): number[] =>
  of(engine.fetch(count, nowMs), 'rest').map(({ ms }) => ms);

test('a rest is half of the target where the way of a record leaves as much', (t) => {
  t.like(restAfter(seen(1, 4), 20), { ms: 10, why: 'half of latency.target' });
  t.is(restAfter(seen(1, 4), 30).ms, 15);
});

test('a long way leaves less to rest, down to where cycles would take a quarter of a core', (t) => {
  t.is(Math.round(restAfter(seen(1, 14), 20).ms), 6);
  t.like(restAfter(seen(1, 19), 20), { ms: 3 });
  t.like(restAfter(seen(1, 500), 20), { ms: 3 }, 'more cycles would only make it later');
});

test('cycles that are cheap enough wait no longer than they must', (t) => {
  t.is(restAfter(seen(0.1, 1), 1_000).ms.toFixed(3), '4.900', '2 % of a core');
});

test('the pace says why it is as it is', (t) => {
  t.is(
    explainPace(seen(1, 4), 20),
    '10.0 ms of rest after a fetch: half of latency.target (20 ms); a cycle costs 1.0 ms of CPU, a record is under way for 4.0 ms',
  );
  t.is(explainPace(newPace(), 0), 'no rest: latency.target is 0');
});

test('no rest is longer than a second, whatever the target, so that none looks like a stall', (t) => {
  t.like(restAfter(seen(10_000, 4), 600_000), { ms: 1_000, why: 'the longest rest' });
});

test('a quiet stream does not make cycles look dear: what the process uses besides is not their cost', (t) => {
  const pace = newPace();
  for (let count = 0; count < 50; count++) {
    pace.fetches = 1;
    cyclesCost(pace, 300);
  }
  t.is(pace.cycleMs, newPace().cycleMs);
});

test('there is no rest while another lane is behind, also if that lane is paused', (t) => {
  const engine = new Engine({ latencyTargetMs: 20, budgetBytes: 1_000, fetchBytesMax: 400 }, [0, 1]);
  engine.highWatermark = 1_000;
  engine.fetch(4, 1, 0);
  t.true(engine.state.lanes.get('in/0')?.paused);
  engine.highWatermark = 0;
  t.deepEqual(of(engine.fetch(1, 2, 1), 'rest'), []);
});

test('a way that varies counts with what it varies by', (t) => {
  const [steady, varying] = [seen(1, 8), seen(1, 8)];
  for (let count = 0; count < 100; count++) acknowledgedAfter(varying, count % 2 === 0 ? 4 : 12);
  t.true(restAfter(varying, 20).ms < restAfter(steady, 20).ms);
});

test('the source rests after a fetch that has emptied the log, and once for all brokers', (t) => {
  const engine = new Engine({ latencyTargetMs: 20 });
  const [ms] = rests(engine, 100) as [number];
  t.true(ms > 0 && ms <= 10);
  t.deepEqual(rests(engine, 100 + ms / 2), [], 'another broker answers during the rest');
  t.is(rests(engine, 100 + ms).length, 1);
});

test('there is no rest in a backlog, during a stop, or for a target of 0', (t) => {
  const behind = new Engine({ latencyTargetMs: 20 });
  behind.highWatermark = 1_000;
  t.deepEqual(rests(behind, 1), []);
  const stopping = new Engine({ latencyTargetMs: 20 });
  stopping.say({ type: 'stop', deadlineMs: 100 }, 1);
  t.deepEqual(rests(stopping, 2), []);
  t.deepEqual(rests(new Engine({ latencyTargetMs: 0 }), 1), []);
});

test('at any rate that it can take, cycles stay within the share of a core that their cost gives them', (t) => {
  for (const everyMs of [0.1, 1, 3, 20]) {
    const engine = new Engine({ latencyTargetMs: 20, scoringMax: 100, inFlightMax: 100 });
    let fetches = 0;
    let mayFetchAtMs = 0;
    for (let nowMs = 1; nowMs < 2_000; nowMs += everyMs) {
      if (nowMs < mayFetchAtMs) continue;
      fetches++;
      const [ms = 0] = rests(engine, nowMs);
      mayFetchAtMs = nowMs + ms;
    }
    t.true(
      fetches <= 1 + 2_000 / Math.max(everyMs, 10),
      `${fetches} fetches of a record every ${everyMs} ms`,
    );
    t.true(fetches >= 1_900 / Math.max(everyMs * 2, 10 + everyMs), `${fetches}: it does not fall behind`);
  }
});
