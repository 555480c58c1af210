// Which of what a source brings a lane takes: what it expects next, and nothing else; and where a
// lane that was kept goes on.

import test from 'ava';
import { startingAt } from '../../src/log/offset.ts';
import type { AssignedPartition } from '../../src/log/ports.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { Engine, FAILURE, of, oneRecord, opened, SCORED } from './one-engine.ts';

const LANE = { topic: 'in', partition: 0 };

const fetch = (engine: Engine, from: number, offsets: readonly number[], nowMs = 1) =>
  engine.say(
    {
      type: 'fetched',
      fetched: { ...LANE, from: startingAt(from), batches: offsets.map(oneRecord), highWatermark: 100 },
    },
    nowMs,
  );
const assign = (engine: Engine, more: Partial<AssignedPartition> = {}, nowMs = 2) =>
  engine.say({ type: 'assigned', partitions: [{ ...LANE, position: startingAt(0), ...more }] }, nowMs);
const sought = (effects: Parameters<typeof of>[0]): number[] =>
  of(effects, 'seek').map(({ position }) => position);
const firsts = (effects: Parameters<typeof of>[0]): number[] => opened(effects).map(({ first }) => first);

test('record batches that a lane has are left out, and the next ones are taken', (t) => {
  const engine = new Engine();
  t.deepEqual(firsts(fetch(engine, 0, [0, 1])), [0, 1]);
  t.deepEqual(firsts(fetch(engine, 0, [0, 1, 2])), [2]);
});

test('what comes from beyond the next offset is not taken: the source goes back', (t) => {
  const engine = new Engine();
  const effects = fetch(engine, 3, [3]);
  t.deepEqual([opened(effects), sought(effects)], [[], [0]]);
  t.deepEqual(sought(fetch(engine, 0, [0])), [], 'what is expected needs no seek');
});

test('a lane that stops or is given up takes nothing', (t) => {
  const stopping = new Engine();
  stopping.say({ type: 'stop', deadlineMs: 1_000 }, 1);
  t.deepEqual(fetch(stopping, 0, [0], 2), []);
  const ended = new Engine();
  ended.say({ type: 'revoked', partitions: [LANE] }, 1);
  t.deepEqual(fetch(ended, 0, [0], 2), []);
});

test('a lane that is kept goes on from its own position: the source is sent there if it stands elsewhere', (t) => {
  for (const [position, seeks] of [
    [0, [2]],
    [2, []],
  ] as const) {
    const engine = new Engine();
    fetch(engine, 0, [0, 1]);
    engine.say({ type: 'revoking', partitions: [LANE], deadlineMs: 1_000 }, 1);
    t.deepEqual(sought(assign(engine, { position: startingAt(position) })), seeks);
    t.deepEqual(firsts(fetch(engine, 2, [2], 3)), [2]);
  }
});

test('while partitions are about to change nothing is opened, and what waits is opened after it', (t) => {
  const engine = new Engine();
  engine.say({ type: 'revoking', partitions: [LANE], deadlineMs: 1_000 }, 1);
  t.deepEqual(firsts(fetch(engine, 0, [0])), []);
  t.deepEqual(firsts(assign(engine)), [0]);
});

test('a lane that ends with work in flight says how many micro-batches are done again, and why', (t) => {
  for (const type of ['revoked', 'lost'] as const) {
    const engine = new Engine();
    fetch(engine, 0, [0, 1]);
    const [abandoned] = of(engine.say({ type, partitions: [LANE] }, 2), 'abandoned');
    t.deepEqual([abandoned?.microBatches, abandoned?.why], [2, type]);
    const idle = new Engine();
    t.deepEqual(of(idle.say({ type, partitions: [LANE] }, 2), 'abandoned'), []);
  }
});

test('a partition of a topic that was made again is another lane, which begins where it was assigned', (t) => {
  const engine = new Engine();
  const [microBatch] = opened(fetch(engine, 0, [0])) as [MicroBatch];
  const effects = assign(engine, { incarnation: 'another', position: startingAt(0) });
  t.deepEqual(
    of(effects, 'abandoned').map(({ why }) => why),
    ['remade'],
  );
  t.deepEqual(engine.scored(microBatch, 3), [], 'an answer of before is not heard');
  t.deepEqual(firsts(fetch(engine, 0, [0], 4)), [0]);
});

test('answers whose partition is gone are scored again; during a stop they stay, and are produced again', (t) => {
  for (const isStopping of [false, true]) {
    const engine = new Engine();
    const [microBatch] = opened(fetch(engine, 0, [0])) as [MicroBatch];
    engine.scored(microBatch, 2);
    if (isStopping) engine.say({ type: 'stop', deadlineMs: 10_000 }, 3);
    const { id } = microBatch;
    const failed = { lane: microBatch, id, failure: FAILURE, retriable: true, isAstray: true };
    const effects = engine.say({ type: 'produceFailed', ...failed }, 4);
    t.deepEqual(sought(effects), isStopping ? [] : [0]);
    t.is(of(engine.tick(1_000), 'produce').length, isStopping ? 1 : 0);
  }
});

test('where the log skips to a later offset the lane goes on there; where it holds the offset, the source comes back', (t) => {
  const engine = new Engine();
  fetch(engine, 0, [0]);
  const told = (position: number, logEnd: number) =>
    engine.say({ type: 'outOfRange', partition: LANE, position: startingAt(position), logEnd }, 2);
  t.deepEqual(sought(told(0, 10)), [1], 'the source stood below the log, the lane does not');
  t.deepEqual(sought(told(5, 10)), []);
  const [microBatch] = opened(fetch(engine, 5, [5], 3));
  t.deepEqual(
    [microBatch?.first, microBatch?.next, microBatch?.batches.length],
    [startingAt(1), startingAt(6), 1],
    'the gap is answered with what follows it',
  );
});

test('a micro-batch without any output is acknowledged as it is', (t) => {
  const engine = new Engine({ commitIntervalMs: 100 });
  const [microBatch] = opened(fetch(engine, 0, [0])) as [MicroBatch];
  const effects = engine.scored(microBatch, 2, { ...SCORED, outputs: [], resultBatches: 0, scored: 0 });
  t.deepEqual(of(effects, 'produce'), []);
  t.deepEqual(
    of([...effects, ...engine.tick(1_000)], 'commit').flatMap(({ commits }) =>
      commits.map(({ next }) => next),
    ),
    [startingAt(1)],
  );
});
