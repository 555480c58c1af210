// How lanes share what there is, and how they end: fetches within the budget, mail that is given
// back, stops, rebalances.

import test from 'ava';
import { budgetBytes, laneShareBytes } from '../../src/engine/credits.ts';
import { wakeAtMs } from '../../src/engine/dispatcher.ts';
import { startingAt } from '../../src/log/offset.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { acknowledged, BYTES, Engine, of, opened } from './one-engine.ts';

test('a lane fetches while one more fetch fits into what all lanes leave free', (t) => {
  // Two lanes of a budget of four fetches: while one holds three and a half, the other may not
  // fetch.
  const fetchBytesMax = 10 * BYTES;
  const engine = new Engine({
    fetchBytesMax,
    budgetBytes: 4 * fetchBytesMax,
    inFlightMax: 100,
    scoringMax: 100,
  });
  t.is(of(engine.fetch(35, 1), 'pause').length, 1, 'less than a fetch is left');
  const position = startingAt(0);
  const assigned = [0, 1, 2].map((partition) => ({
    topic: 'in',
    partition,
    position: partition === 0 ? startingAt(35) : position,
  }));
  const effects = engine.say({ type: 'assigned', partitions: assigned }, 2);
  t.deepEqual(
    of(effects, 'pause').map(({ partition }) => partition.partition),
    [0, 1, 2],
    'what is in flight cannot be given back',
  );
  const free = new Engine({
    fetchBytesMax,
    budgetBytes: 4 * fetchBytesMax,
    inFlightMax: 100,
    scoringMax: 100,
  });
  free.fetch(25, 1);
  const both = free.say(
    {
      type: 'assigned',
      partitions: assigned.map((each) =>
        each.partition === 0 ? { ...each, position: startingAt(25) } : each,
      ),
    },
    2,
  );
  t.deepEqual(
    of(both, 'pause').map(({ partition }) => partition.partition),
    [0, 2],
    'one and a half fetches are free: one lane has them',
  );
});

test('a lane that gets partitions beside it gives back its newest mail, and only then does the source go back', (t) => {
  const fetchBytesMax = 2 * BYTES;
  const engine = new Engine({ fetchBytesMax, budgetBytes: 20 * BYTES, inFlightMax: 1, scoringMax: 1 });
  engine.fetch(10, 1);
  const assigned = (...partitions: readonly number[]) =>
    engine.say(
      {
        type: 'assigned',
        partitions: partitions.map((partition) => ({
          topic: 'in',
          partition,
          position: startingAt(partition === 0 ? 10 : 0),
        })),
      },
      2,
    );
  t.deepEqual(of(assigned(0, 1), 'seek'), [], 'it holds exactly its share');
  const [seek] = of(assigned(0, 1, 2), 'seek');
  t.like(seek?.partition, { partition: 0 });
  t.is(seek?.position as number, 6, 'its share is six and two thirds by then');
});

test('a stop drops what waits, finishes what is in flight, and names at its deadline what is not', (t) => {
  const engine = new Engine({ inFlightMax: 1 });
  const [microBatch] = opened(engine.fetch(3, 1)) as [MicroBatch];
  t.deepEqual(of(engine.say({ type: 'stop', deadlineMs: 100 }, 2), 'drained'), []);
  t.deepEqual(opened(engine.scored(microBatch, 3)), []);
  t.deepEqual(of(engine.tick(99), 'drained'), []);
  t.is(wakeAtMs(engine.state), 100);
  t.deepEqual(of(engine.tick(100), 'drained'), [{ type: 'drained', unfinished: ['in/0'] }]);
  t.deepEqual(of(engine.tick(200), 'drained'), [], 'it is said once');
  const { engine: done } = acknowledged(50);
  const [commit] = of(done.say({ type: 'stop', deadlineMs: 500 }, 60), 'commit');
  t.deepEqual(of(done.say({ type: 'committed', commits: commit?.commits ?? [] }, 61), 'drained'), [
    { type: 'drained', unfinished: [] },
  ]);
});

test('a rebalance waits for lanes to settle: what is in flight is finished, and nothing new is begun', (t) => {
  const engine = new Engine({ inFlightMax: 1 });
  const [microBatch] = opened(engine.fetch(3, 1)) as [MicroBatch];
  const partitions = [{ topic: 'in', partition: 0 }];
  t.deepEqual(of(engine.say({ type: 'revoking', partitions, deadlineMs: 100 }, 2), 'settled'), []);
  t.is(of(engine.scored(microBatch, 3), 'produce').length, 1);
  const effects = engine.say({ type: 'produced', lane: microBatch, id: microBatch.id }, 4);
  t.deepEqual(opened(effects), []);
  const [commit] = of(effects, 'commit');
  t.deepEqual(of(engine.say({ type: 'committed', commits: commit?.commits ?? [] }, 5), 'settled'), [
    { type: 'settled', unfinished: [] },
  ]);
  const back = engine.say(
    { type: 'assigned', partitions: [{ topic: 'in', partition: 0, position: startingAt(3) }] },
    6,
  );
  t.is(opened(back)[0]?.first as number, 1, 'it kept its mail');
  const late = new Engine({ inFlightMax: 1 });
  late.fetch(1, 1);
  late.say({ type: 'revoking', partitions, deadlineMs: 100 }, 2);
  t.is(wakeAtMs(late.state), 100);
  t.deepEqual(of(late.tick(99), 'settled'), []);
  t.deepEqual(of(late.tick(100), 'settled'), [{ type: 'settled', unfinished: ['in/0'] }]);
});

test('all that is scored in a row is produced by one call where calls cost much', (t) => {
  const engine = new Engine({ inFlightMax: 3, producesTogether: true });
  const [first, second, third] = opened(engine.fetch(3, 1)) as [MicroBatch, MicroBatch, MicroBatch];
  engine.scored(third, 2);
  engine.scored(second, 2);
  const [produce] = of(engine.scored(first, 2), 'produce');
  t.is(produce?.batches.length, 3);
  t.is(produce?.answered.next as number, 3);
});

test('a source that stood at another place is sent to the lane; a log that ends before the lane is another one', (t) => {
  const after = (logEnd: number) => {
    const engine = new Engine({ inFlightMax: 1 });
    engine.fetch(3, 1);
    const position = startingAt(1);
    return engine.say({ type: 'outOfRange', partition: { topic: 'in', partition: 0 }, position, logEnd }, 2);
  };
  t.deepEqual(
    of(after(3), 'seek').map(({ position }) => position as number),
    [3],
    'the log ends where the lane stands',
  );
  t.deepEqual(of(after(3), 'abandoned'), []);
  t.like(of(after(2), 'abandoned')[0], { microBatches: 1, why: 'lost' });
});

test('of a lane that is taken away it is said what was in flight, if anything was', (t) => {
  const partitions = [{ topic: 'in', partition: 0 }];
  for (const type of ['revoked', 'lost'] as const) {
    const busy = new Engine({ inFlightMax: 2 });
    const [first] = opened(busy.fetch(3, 1)) as [MicroBatch];
    t.like(of(busy.say({ type, partitions }, 2), 'abandoned')[0], { microBatches: 2, why: type });
    t.deepEqual(busy.scored(first, 3), [], 'a late answer reaches nobody');
    t.deepEqual(of(new Engine().say({ type, partitions }, 2), 'abandoned'), []);
  }
});

test('the budget is never less than a fetch for each lane, or some could not go on at all', (t) => {
  const engine = new Engine({ fetchBytesMax: 1_000, budgetBytes: 1_500 }, [0, 1, 2]);
  t.is(budgetBytes(engine.state), 3_000);
  t.is(laneShareBytes(engine.state), 1_000);
  t.deepEqual(of(engine.tick(1), 'pause'), []);
  t.is(budgetBytes(new Engine({ fetchBytesMax: 1_000, budgetBytes: 1_500 }).state), 1_500);
  t.is(laneShareBytes(new Engine({ fetchBytesMax: 1_000, budgetBytes: 1_500 }, []).state), 1_500);
});

test('the source is told again that a lane is paused, after a rebalance and nowhere else', (t) => {
  const fetchBytesMax = 2 * BYTES;
  const kept = {
    type: 'assigned',
    partitions: [{ topic: 'in', partition: 0, position: startingAt(9) }],
  } as const;
  const full = new Engine({ fetchBytesMax, budgetBytes: 10 * BYTES, inFlightMax: 1 });
  t.is(of(full.fetch(9, 1), 'pause').length, 1);
  t.is(of(full.tick(2), 'pause').length, 0);
  t.is(of(full.say(kept, 3), 'pause').length, 1);
  const roomy = new Engine({ fetchBytesMax, budgetBytes: 100 * BYTES, inFlightMax: 1 });
  roomy.fetch(9, 1);
  t.is(of(roomy.say(kept, 3), 'pause').length, 0);
  const remade = {
    type: 'assigned',
    partitions: [{ topic: 'in', partition: 0, position: startingAt(0), incarnation: 'new' }],
  } as const;
  t.is(of(full.say(remade, 4), 'resume').length, 1, 'a log that was made anew is read from its start');
  t.is(of(roomy.say(remade, 4), 'resume').length, 0);
});
