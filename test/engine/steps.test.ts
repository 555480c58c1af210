// What the engine asks for, step by step: how much is in flight, whose turn it is, when offsets are
// committed, how long it waits after trouble.

import test from 'ava';
import { step, wakeAtMs } from '../../src/engine/dispatcher.ts';
import { restoreEngine, saveEngine } from '../../src/engine/saved-state.ts';
import { effectWithoutBytes, messageWithoutBytes } from '../../src/engine/without-bytes.ts';
import { startingAt } from '../../src/log/offset.ts';
import type { LaneAddress } from '../../src/scoring/lane-address.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { acknowledged, Engine, FAILURE, of, opened } from './one-engine.ts';

test('a lane has as many micro-batches in flight as are allowed, and not one more', (t) => {
  for (const inFlightMax of [1, 2, 3]) {
    const engine = new Engine({ inFlightMax, scoringMax: 10 });
    const first = opened(engine.fetch(5, 1));
    t.deepEqual(
      first.map((each) => each.first as number),
      [0, 1, 2].slice(0, inFlightMax),
    );
    t.deepEqual(
      opened(engine.scored(first[0] as MicroBatch, 2)),
      [],
      'it is in flight until it is acknowledged',
    );
    const next = opened(
      engine.say({ type: 'produced', lane: first[0] as LaneAddress, id: (first[0] as MicroBatch).id }, 3),
    );
    t.deepEqual(
      next.map((each) => each.first as number),
      [inFlightMax],
    );
  }
});

test('the scorer has as many as it can take, over all lanes, and lanes get their places in turn', (t) => {
  const engine = new Engine({ inFlightMax: 10, scoringMax: 3 }, [0, 1]);
  const first = opened(engine.fetch(4, 1, 0));
  t.deepEqual(
    first.map(({ partition }) => partition),
    [0, 0, 0],
  );
  t.deepEqual(opened(engine.fetch(4, 1, 1)), []);
  const later = first.map((microBatch) => opened(engine.scored(microBatch, 2)));
  t.true(
    later.every(({ length }) => length === 1),
    'one for each place that is free',
  );
  const partitions = later.flat().map(({ partition }) => partition);
  t.true(
    partitions.filter((partition) => partition === 1).length >= 2 || new Set(partitions).size === 2,
    partitions.join(),
  );
});

test('a micro-batch waits for more until it lingers too long, and the engine wants to be woken then', (t) => {
  const engine = new Engine({ microBatch: { recordsMax: 2, bytesMax: 10_000, lingerMs: 5 } });
  t.deepEqual(opened(engine.fetch(1, 10)), []);
  t.is(wakeAtMs(engine.state), 15);
  t.deepEqual(opened(engine.tick(14)), []);
  const [late] = opened(engine.tick(15));
  t.like(late, { first: 0, next: 1, trigger: 'linger' });
  const [full] = opened(engine.fetch(2, 16));
  t.like(full, { first: 1, next: 3, trigger: 'full' });
});

test('offsets are committed once in an interval, and not while a commit is on its way', (t) => {
  const { engine, effects } = acknowledged(50);
  t.deepEqual(of(effects, 'commit'), []);
  t.is(wakeAtMs(engine.state), 100);
  t.deepEqual(of(engine.tick(99), 'commit'), []);
  const [commit] = of(engine.tick(100), 'commit');
  t.is(commit?.commits.length, 1);
  t.is(commit?.commits[0]?.next as number, 1);
  const [more] = opened(engine.fetch(1, 300)) as [MicroBatch];
  engine.scored(more, 300);
  t.deepEqual(
    of(engine.say({ type: 'produced', lane: more, id: more.id }, 300), 'commit'),
    [],
    'one is on its way',
  );
  const after = of(engine.say({ type: 'committed', commits: commit?.commits ?? [] }, 301), 'commit');
  t.is(after[0]?.commits[0]?.next as number, 2);
  t.deepEqual(
    of(engine.say({ type: 'committed', commits: after[0]?.commits ?? [] }, 900), 'commit'),
    [],
    'there is nothing to commit',
  );
});

test('in a hurry, before a stop or a rebalance, offsets are committed at once', (t) => {
  const stopping = acknowledged(50);
  t.is(of(stopping.engine.say({ type: 'stop', deadlineMs: 500 }, 51), 'commit').length, 1);
  const settling = acknowledged(50);
  const revoking = {
    type: 'revoking',
    partitions: [{ topic: 'in', partition: 0 }],
    deadlineMs: 500,
  } as const;
  t.is(of(settling.engine.say(revoking, 51), 'commit').length, 1);
  const calm = acknowledged(50);
  t.deepEqual(of(calm.engine.tick(51), 'commit'), []);
});

test('a commit that failed is tried again after a while, also in a hurry', (t) => {
  const { engine } = acknowledged(50, { retryMs: 10 });
  const [commit] = of(engine.tick(100), 'commit');
  const failed = { type: 'commitFailed', commits: commit?.commits ?? [], failure: FAILURE } as const;
  t.deepEqual(of(engine.say(failed, 101), 'commit'), []);
  t.deepEqual(of(engine.say({ type: 'stop', deadlineMs: 500 }, 102), 'commit'), []);
  t.is(wakeAtMs(engine.state), 111);
  t.is(of(engine.tick(111), 'commit').length, 1);
});

test('what could not be produced is tried again, each time later, up to a limit; once it works all is forgotten', (t) => {
  const engine = new Engine({ retryMs: 10, retryMsMax: 45 });
  const [microBatch] = opened(engine.fetch(1, 0)) as [MicroBatch];
  engine.scored(microBatch, 0);
  let nowMs = 0;
  const fail = (retriable: boolean): number => {
    const effects = engine.say(
      { type: 'produceFailed', lane: microBatch, id: microBatch.id, failure: FAILURE, retriable },
      nowMs,
    );
    t.like(of(effects, 'trouble')[0], { failure: FAILURE });
    const waitMs = wakeAtMs(engine.state) - nowMs;
    t.deepEqual(of(engine.tick(nowMs + waitMs - 1), 'produce'), []);
    nowMs += waitMs;
    t.is(of(engine.tick(nowMs), 'produce').length, 1);
    return waitMs;
  };
  t.deepEqual([fail(true), fail(true), fail(true), fail(true), fail(true)], [10, 20, 40, 45, 45]);
  t.is(fail(false), 45, 'where somebody has to do something first it waits the longest');
  t.is(
    of(engine.say({ type: 'produced', lane: microBatch, id: microBatch.id }, nowMs), 'recovered').length,
    1,
  );
  const [next] = opened(engine.fetch(1, nowMs)) as [MicroBatch];
  engine.scored(next, nowMs);
  const again = engine.say(
    { type: 'produceFailed', lane: next, id: next.id, failure: FAILURE, retriable: true },
    nowMs,
  );
  t.is(of(again, 'trouble')[0]?.attempts, 1);
  t.is(wakeAtMs(engine.state), nowMs + 10);
});

test('what could not be scored is read again from the log, under a new epoch; late answers to the old one are not heard', (t) => {
  const engine = new Engine({ retryMs: 10, inFlightMax: 2 });
  const [first, second] = opened(engine.fetch(3, 0)) as [MicroBatch, MicroBatch];
  const effects = engine.say({ type: 'scoreFailed', lane: first, id: first.id, failure: FAILURE }, 5);
  t.like(of(effects, 'abandoned')[0], { microBatches: 2, why: FAILURE.code });
  t.is(of(effects, 'seek')[0]?.position as number, 0);
  t.is(of(effects, 'pause').length, 1);
  t.deepEqual(engine.scored(second, 6), []);
  t.is(wakeAtMs(engine.state), 15);
  t.is(of(engine.tick(14), 'resume').length, 0);
  t.is(of(engine.tick(15), 'resume').length, 1);
});

test('limits that change hold from that step on, and for a replay from before it too', (t) => {
  const lingering = { recordsMax: 100, bytesMax: 10_000, lingerMs: 1_000 };
  const engine = new Engine({ microBatch: lingering, inFlightMax: 1 });
  t.deepEqual(opened(engine.fetch(2, 1)), [], 'it lingers');
  const saved = saveEngine(engine.state);
  const limits = { ...engine.state.limits, microBatch: { recordsMax: 1, lingerMs: 0 } };
  const message = { type: 'retune', limits } as const;
  const effects = engine.say(message, 2);
  t.like(opened(effects)[0], { first: 0, next: 1, trigger: 'full' });
  t.is(engine.state.limits.microBatch.bytesMax, 10_000, 'what cannot change stays');
  t.is(saved.limits.microBatch.lingerMs, 1_000, 'a saved state keeps the limits of its time');
  const again = step(restoreEngine(saved), messageWithoutBytes(message), 2);
  t.deepEqual(again.map(effectWithoutBytes), effects.map(effectWithoutBytes));
});

test('a job that is paused finishes and commits what is in flight, fetches and opens nothing, and goes on behind it', (t) => {
  const engine = new Engine({ inFlightMax: 1 });
  const [first] = opened(engine.fetch(2, 1)) as [MicroBatch];
  const held = engine.say({ type: 'hold', isHeld: true }, 2);
  t.is(of(held, 'pause').length, 1);
  t.is(of(engine.scored(first, 3), 'produce').length, 1);
  t.deepEqual(opened(engine.say({ type: 'produced', lane: first, id: first.id }, 4)), []);
  const [commit] = of(engine.tick(1_000), 'commit');
  t.is(commit?.commits[0]?.next as number, 1);
  const joined = engine.say(
    {
      type: 'assigned',
      partitions: [0, 1].map((partition) => ({ topic: 'in', partition, position: startingAt(0) })),
    },
    1_001,
  );
  t.true(
    of(joined, 'pause').some(({ partition }) => partition.partition === 1),
    'partitions that come meanwhile are paused too',
  );
  const effects = engine.say({ type: 'hold', isHeld: false }, 1_002);
  t.is(of(effects, 'resume').length, 2);
  t.like(opened(effects)[0], { partition: 0, first: 1, next: 2 });
});
