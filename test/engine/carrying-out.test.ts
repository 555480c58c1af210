// The driver between the engine and its ports: each effect is one call, each answer one message,
// and each way in which a call can fail is told as what it is.

import test from 'ava';
import { nextAfter, offset, startingAt } from '../../src/log/offset.ts';
import {
  FencedError,
  PartitionGoneError,
  RefusedRecordsError,
  type ResultBatch,
  SinkError,
} from '../../src/log/ports.ts';
import { Driven, fetched, LANE, producing } from './driven.ts';
import { SCORED } from './one-engine.ts';

test('what is acknowledged is released and committed, and the commit is told to the scorer that keeps states', async (t) => {
  const driven = new Driven({ keepsState: true });
  await driven.start({});
  const { calls } = driven;
  await calls.restore.last.answer(startingAt(0));
  driven.listener.fetched(fetched(0));
  await calls.score.last.answer(SCORED);
  const [outputs, answered] = calls.produce.last.given as [readonly ResultBatch[], { next: number }];
  t.is(outputs, SCORED.outputs);
  t.is(answered.next, 1);
  t.deepEqual(driven.released, []);
  await calls.produce.last.answer(outputs);
  t.deepEqual(driven.released, [outputs]);
  driven.pass(1_000);
  t.is(calls.commit.all.length, 1);
  await calls.commit.last.answer();
  t.true(driven.said.includes('committed 1'));
  driven.pass(1_000);
  t.is(calls.commit.all.length, 1, 'nothing more to commit');
});

test('a state is asked for, and reading begins where it stands', async (t) => {
  const driven = new Driven({ keepsState: true });
  await driven.start({ position: startingAt(10) });
  const [lane, position] = driven.calls.restore.last.given as [typeof LANE, number];
  t.is(lane.partition, 0);
  t.is(position, 10);
  await driven.calls.restore.last.answer(startingAt(4));
  t.deepEqual(driven.said, ['pause in/0', 'seek in/0 4', 'resume in/0']);
});

test('a state that cannot be built up is a trouble of its lane, and is asked for again', async (t) => {
  const driven = new Driven({ keepsState: true });
  await driven.start({});
  await driven.calls.restore.last.fail(new SinkError('no thread', { retriable: true }));
  t.deepEqual(driven.troubles, ['SCORELANE_SINK']);
  driven.pass(10_000);
  t.is(driven.calls.restore.all.length, 2);
});

test('without states nothing is restored: reading begins at once', async (t) => {
  const driven = new Driven();
  await driven.start({});
  t.is(driven.calls.restore.all.length, 0);
  t.false(driven.said.includes('pause in/0'));
});

test('the counter hears how many partitions the input has, and whether any of them is of another topic', async (t) => {
  const driven = new Driven();
  await driven.start({ partitionCount: 2 }, { partition: 1, partitionCount: 2 });
  driven.listener.assigned([
    { ...LANE, position: startingAt(0), partitionCount: 3 },
    { ...LANE, partition: 2, position: startingAt(0), partitionCount: 3, replaces: 'older' },
  ]);
  driven.listener.assigned([{ ...LANE, position: startingAt(0) }]);
  driven.listener.assigned([]);
  t.deepEqual(
    driven.said.filter((word) => word.startsWith('input')),
    ['input has 2', 'input has 3 anew'],
  );
});

test('refused records are mended, and what is left is produced', async (t) => {
  const driven = await producing();
  const [batch] = SCORED.outputs as [ResultBatch];
  const refusals = [{ batch, appended: 0, records: [{ index: 0, message: 'too large' }], ofTime: false }];
  await driven.calls.produce.last.fail(new RefusedRecordsError(refusals));
  t.deepEqual(driven.troubles, [], 'it is no trouble: it costs those records only');
  const [input, scored, told] = driven.calls.mend.last.given as [
    { epoch?: number; batches: readonly unknown[] },
    object,
    object,
  ];
  t.is(input.epoch, undefined);
  t.is(input.batches.length, 1);
  t.deepEqual([scored, told], [SCORED, refusals]);
  const mended = { ...SCORED, outputs: [...SCORED.outputs], scored: 0, deadLetters: 1 };
  await driven.calls.mend.last.answer(mended);
  t.is(driven.calls.produce.all.length, 2);
  t.is(driven.calls.produce.last.given[0], mended.outputs);
});

test('a mend that fails is a trouble that only somebody else can end: it is tried again as late as allowed', async (t) => {
  const driven = await producing();
  await driven.calls.produce.last.fail(new RefusedRecordsError([]));
  await driven.calls.mend.last.fail(new SinkError('the dead letter is refused', { retriable: false }));
  t.deepEqual(driven.troubles, ['SCORELANE_SINK']);
  driven.pass(99);
  t.is(driven.calls.produce.all.length, 1);
  driven.pass(1);
  t.is(driven.calls.produce.all.length, 2);
});

for (const [error, waitMs] of [
  [new SinkError('the broker is away', { retriable: true }), 10],
  [new Error('nobody thought of it'), 10],
  [new SinkError('no such topic', { retriable: false }), 100],
] as const) {
  test(`after "${error.message}" it is produced again in ${waitMs} ms, and not asked which partitions are there`, async (t) => {
    const driven = await producing();
    await driven.calls.produce.last.fail(error);
    t.is(driven.calls.lacks.all.length, 0);
    t.is(driven.troubles.length, 1);
    driven.pass(waitMs - 1);
    t.is(driven.calls.produce.all.length, 1);
    driven.pass(1);
    t.is(driven.calls.produce.all.length, 2);
    t.is(driven.calls.score.all.length, 1);
  });
}

for (const isAstray of [true, false]) {
  test(`when a partition is gone the counter is asked: ${isAstray ? 'it is gone, so all is scored again' : 'it is there, so all is produced again'}`, async (t) => {
    const driven = await producing();
    await driven.calls.produce.last.fail(new PartitionGoneError('out/3', { retriable: true }));
    t.deepEqual(driven.troubles, []);
    t.is(driven.calls.lacks.last.given[0], SCORED.outputs);
    await driven.calls.lacks.last.answer(isAstray);
    t.deepEqual(driven.troubles, ['SCORELANE_PARTITION_GONE']);
    driven.pass(1_000);
    const sought = driven.said.includes('seek in/0 0');
    t.is(sought, isAstray);
    if (sought) driven.listener.fetched(fetched(0));
    t.is(driven.calls.score.all.length, isAstray ? 2 : 1);
    t.is(driven.calls.produce.all.length, isAstray ? 1 : 2);
  });
}

test('what the scorer cannot open is a trouble, and is read again', async (t) => {
  const driven = new Driven();
  await driven.start({});
  driven.listener.fetched(fetched(0));
  await driven.calls.score.last.fail(Object.assign(new Error('damaged'), { code: 'SCORELANE_CORRUPT' }));
  t.deepEqual(driven.troubles, ['SCORELANE_CORRUPT']);
  driven.pass(1_000);
  t.true(driven.said.includes('seek in/0 0'));
});

test('who measures hears how long a micro-batch waited and how long it was produced', async (t) => {
  const times: number[] = [];
  const driven = new Driven({
    observer: {
      scored: (_, __, waitedMs) => void times.push(waitedMs),
      produced: (_, __, producedInMs) => void times.push(producedInMs),
    },
  });
  await driven.start({});
  driven.listener.fetched(fetched(0));
  driven.nowMs += 7;
  await driven.calls.score.last.answer(SCORED);
  driven.nowMs += 5;
  await driven.calls.produce.last.answer([]);
  t.deepEqual(times, [7, 5]);
});

test('a commit that fails is told to who counts, but not when its generation has ended; both are tried again', async (t) => {
  const failed: string[] = [];
  const driven = await producing({ observer: { commitFailed: ({ message }) => void failed.push(message) } });
  await driven.calls.produce.last.answer([]);
  driven.pass(1_000);
  await driven.calls.commit.last.fail(new FencedError('the generation has ended'));
  t.deepEqual(failed, []);
  driven.pass(1_000);
  await driven.calls.commit.last.fail(new Error('no coordinator'));
  t.deepEqual(failed, ['no coordinator']);
  driven.pass(1_000);
  t.is(driven.calls.commit.all.length, 3);
});

test('a scorer that works shows a sign of life: what it works on has not stalled', async (t) => {
  const driven = new Driven();
  const stallAfterMs = 100_000;
  await driven.start({});
  driven.listener.fetched(fetched(0));
  const stalls = () => driven.effects.filter(({ type }) => type === 'stalled').length;
  for (let step = 0; step < 30; step++) {
    driven.pass(stallAfterMs / 10);
    driven.driver.scoring();
  }
  t.is(stalls(), 0);
  for (let step = 0; step < 20; step++) driven.pass(stallAfterMs / 10);
  t.true(stalls() > 0);
  t.true(driven.said.includes('rejoin'));
});

test('when to join again does not help, the driver dies with words that name the lane', async (t) => {
  const driven = new Driven();
  await driven.start({});
  driven.listener.fetched(fetched(0));
  for (let step = 0; step < 100 && driven.fatal.length === 0; step++) driven.pass(10_000);
  t.regex(driven.fatal[0]?.message ?? '', /^joining again did not help: .*in\/0/);
  t.is(driven.timerAtMs, null, 'nothing is waited for any more');
});

test('the log is asked for its end, and records that nobody fetched count as lag', async (t) => {
  const driven = new Driven();
  await driven.start({});
  driven.pass(50_000);
  await driven.calls.logEnds.last.answer([{ ...LANE, logEnd: 5 }]);
  for (let step = 0; step < 20; step++) driven.pass(10_000);
  t.true(driven.effects.some(({ type }) => type === 'stalled'));
});

test('a log that does not say where it ends is no trouble, and who watches hears of it', async (t) => {
  const unknown: string[] = [];
  const driven = new Driven({ observer: { logEndsUnknown: ({ message }) => void unknown.push(message) } });
  await driven.start({});
  driven.pass(50_000);
  await driven.calls.logEnds.last.fail(new Error('no answer'));
  t.deepEqual(unknown, ['no answer']);
  t.deepEqual(driven.fatal, []);
});

test('a state is forgotten when its lane is gone, whether it was revoked or lost', async (t) => {
  for (const how of ['revoked', 'lost'] as const) {
    const driven = new Driven({ keepsState: true });
    await driven.start({});
    driven.listener[how]([LANE]);
    t.true(driven.said.includes('forget in/0'), how);
  }
});

test('where the log no longer holds the offset of a lane, who watches hears it and the lane goes on from there', async (t) => {
  const heard: unknown[] = [];
  const driven = new Driven({ observer: { outOfRange: (event) => void heard.push(event) } });
  await driven.start({});
  const event = {
    ...LANE,
    position: 0,
    logStart: 40,
    logEnd: 50,
    resumedAt: nextAfter(offset(39)),
  };
  driven.listener.outOfRange(event);
  t.deepEqual(heard, [event]);
  driven.listener.fetched(fetched(40));
  t.is(driven.calls.score.all.length, 1);
});

test('the last messages are kept, each with what followed from it', async (t) => {
  const driven = await producing();
  const types = JSON.stringify(driven.driver.recorded);
  for (const type of ['assigned', 'fetched', 'scored', 'produce']) t.true(types.includes(`"${type}"`), type);
});
