// Lanes that have little share a task; the ledger, the order and the turns stay each lane's own.

import test from 'ava';
import type { Message } from '../../src/engine/messages.ts';
import { startingAt } from '../../src/log/offset.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { Engine, FAILURE, of, oneRecord, opened, SCORED } from './one-engine.ts';

const MANY = Array.from({ length: 8 }, (_, partition) => partition);
const policy = { recordsMax: 6, bytesMax: 10_000, lingerMs: 0 };

/** So many records of each of these partitions, in one fetch. */
const together = (partitions: readonly number[], count = 1, from = 0): Message => ({
  type: 'together',
  arrivals: partitions.map((partition) => ({
    type: 'fetched',
    fetched: {
      topic: 'in',
      partition,
      from: startingAt(from),
      batches: Array.from({ length: count }, (_, index) => oneRecord(from + index)),
      highWatermark: from + count,
    },
  })),
});
const partitionsOf = (task: readonly { readonly microBatch: MicroBatch }[]): number[] =>
  task.map(({ microBatch }) => microBatch.partition);

test('what one fetch brings for several lanes is one task, up to the records that are worth sharing', (t) => {
  const engine = new Engine({ microBatch: policy, scoringMax: 10 }, MANY);
  const tasks = of(engine.say(together(MANY), 1), 'score').map(({ task }) => partitionsOf(task));
  t.deepEqual(tasks, [
    [0, 1, 2, 3, 4, 5],
    [6, 7],
  ]);
});

test('a lane that does not fit begins the next task: nobody passes it', (t) => {
  const engine = new Engine({ microBatch: policy, scoringMax: 10 }, [0, 1, 2]);
  const arrivals = [together([0], 2), together([1], 5), together([2], 1)].flatMap((each) =>
    each.type === 'together' ? each.arrivals : [],
  );
  const tasks = of(engine.say({ type: 'together', arrivals }, 1), 'score');
  t.deepEqual(
    tasks.map(({ task }) => partitionsOf(task)),
    [[0], [1, 2]],
  );
});

test('a task takes one place with the scorer, until its last lane has its answer', (t) => {
  const engine = new Engine({ microBatch: policy, scoringMax: 1, inFlightMax: 10 }, [0, 1]);
  const [first, second] = opened(engine.say(together([0, 1]), 1)) as [MicroBatch, MicroBatch];
  t.deepEqual(opened(engine.say(together([0, 1], 1, 1), 2)), []);
  t.deepEqual(opened(engine.scored(first, 3)), [], 'the thread may still be at work for the other lane');
  t.deepEqual(
    opened(engine.say({ type: 'scoreFailed', lane: second, id: second.id, failure: FAILURE }, 4)).map(
      ({ partition }) => partition,
    ),
    [0],
    'the lane that failed halts; the other goes on',
  );
});

test('while all lanes always have more, each gets its turn (no lane starves)', (t) => {
  const engine = new Engine({ microBatch: policy, scoringMax: 2, inFlightMax: 1, latencyTargetMs: 0 }, MANY);
  const served = new Map<number, number>();
  const next = new Map(MANY.map((partition) => [partition, 0]));
  const feed = (partition: number, nowMs: number): MicroBatch[] => {
    const from = next.get(partition) as number;
    // Some lanes have much, and others one record at a time.
    const count = partition < 2 ? 6 : 1;
    next.set(partition, from + count);
    return opened(engine.say(together([partition], count, from), nowMs));
  };
  let nowMs = 1;
  const waiting = MANY.flatMap((partition) => feed(partition, nowMs));
  for (let round = 0; round < 400; round++) {
    const one = waiting.shift() as MicroBatch;
    nowMs++;
    served.set(one.partition, (served.get(one.partition) ?? 0) + 1);
    waiting.push(...opened(engine.scored(one, nowMs, SCORED)));
    waiting.push(...opened(engine.say({ type: 'produced', lane: one, id: one.id }, nowMs)));
    waiting.push(...feed(one.partition, nowMs));
  }
  const counts = MANY.map((partition) => served.get(partition) ?? 0);
  t.true(Math.min(...counts) >= Math.max(...counts) / 2, counts.join());
});

test('lanes with a state share no task: each has its own place among the threads', (t) => {
  const engine = new Engine({ microBatch: policy, scoringMax: 10 }, [0, 1], true);
  const tasks = of(engine.say(together([0, 1]), 1), 'score');
  t.deepEqual(
    tasks.map(({ task }) => partitionsOf(task)),
    [[0], [1]],
  );
});
