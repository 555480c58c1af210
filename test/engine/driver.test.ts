// The engine with its driver over the memory log: real record batches, several instances, scorers
// that finish out of order, produce calls that fail. The history that comes out is held against the
// checkers of the invariants.

import test from 'ava';
import fc from 'fast-check';
import { systemClock } from '../../src/daemon/engine-limits.ts';
import { Driver } from '../../src/engine/driver.ts';
import type { Observer } from '../../src/engine/observer.ts';
import { startingAt } from '../../src/log/offset.ts';
import type { Source, SourceListener } from '../../src/log/ports.ts';
import * as checkers from '../guarantees/checkers.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { COUNTER } from '../support/model.ts';
import { until } from '../support/until.ts';
import { limits, Scene, scribble } from './scene.ts';

const found = (history: readonly HistoryEvent[]): string[] => {
  const { nothingIsRepeated, badRecordsCostOnlyThemselves } = checkers;
  const { olderEpochsAreFenced: _, ...always } = checkers.ALWAYS;
  return checkers.violations(history, { ...always, nothingIsRepeated, badRecordsCostOnlyThemselves });
};

test('one instance scores a growing log exactly once, in order, while its sink fails now and then', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 30 }), async (seed) => {
      const scene = new Scene(seed);
      scene.failing = true;
      scene.append(20);
      const { driver } = await scene.instance();
      for (let round = 0; round < 5; round++) {
        scene.append(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await scene.scoredAll();
      t.deepEqual((await driver.stop(1_000)).unfinished, []);
      t.deepEqual(found(scene.history), []);
    }),
    { numRuns: 15 },
  );
});

test('instances that come and go in order hand over without a loss and without a repeat', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 30 }), async (seed) => {
      const scene = new Scene(seed);
      scene.append(40);
      const first = await scene.instance();
      scene.append(20);
      const second = await scene.instance();
      scene.append(20);
      t.deepEqual((await first.driver.stop(1_000)).unfinished, []);
      scene.append(20);
      const third = await scene.instance();
      scene.append(20);
      await scene.scoredAll();
      for (const { driver } of [second, third]) t.deepEqual((await driver.stop(1_000)).unfinished, []);
      t.deepEqual(found(scene.history), []);
    }),
    { numRuns: 15 },
  );
});

test('after its partitions were taken without asking, an instance begins again at what was committed', async (t) => {
  const scene = new Scene(7);
  scene.append(60);
  const { driver, source } = await scene.instance();
  await until(
    'something to be committed',
    () => (scene.broker.committed('g', { topic: 'in', partition: 0 }) ?? 0) > 0,
  );
  await source.expire();
  scene.append(20);
  await scene.scoredAll();
  await driver.stop(1_000);
  t.deepEqual(checkers.nothingIsLost(scene.history), []);
});

/** A source that brings nothing, and a driver on it. */
function driverOf(source: Partial<Source>, observer: Observer = {}, stallAfterMs = limits.stallAfterMs) {
  const scene = new Scene(1);
  const fatal: string[] = [];
  const heard = Promise.withResolvers<SourceListener>();
  const whole: Source = {
    start: async (listener) => heard.resolve(listener),
    pause() {},
    resume() {},
    rest() {},
    seek() {},
    commit: async () => {},
    logEnds: async () => [],
    offsetAt: async () => 0,
    rejoin: async () => {},
    stop: async () => {},
    ...source,
  };
  const driver = new Driver({
    source: whole,
    sink: scene.sink(new Map()),
    counter: COUNTER,
    scorer: {
      scoreTogether: (microBatches) => microBatches.map((each) => scene.score(each)),
      release: scribble,
      mend: async (_, outcome) => outcome,
    },
    clock: systemClock,
    limits: { ...limits, stallAfterMs },
    revokeTimeoutMs: 60_000,
    observer,
    onFatal: ({ message }) => fatal.push(message),
  });
  return { driver, fatal, heard: heard.promise };
}

test('a rebalance that begins after the engine has died does not wait for it, so that the stop ends', async (t) => {
  const { driver, fatal, heard } = driverOf({});
  await driver.start();
  const listener = await heard;
  listener.failed(new Error('gone for good'));
  await listener.revoking([{ topic: 'in', partition: 0 }]);
  await driver.stop(60_000);
  t.deepEqual(fatal, ['gone for good']);
});

test('what fails because the log is being left is no trouble: nobody hears of it, and nothing is asked any more', async (t) => {
  const asked = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<never>();
  let questions = 0;
  const said: string[] = [];
  const { driver, fatal, heard } = driverOf(
    {
      logEnds: () => {
        questions++;
        asked.resolve();
        return closed.promise;
      },
      stop: async () => closed.reject(new TypeError("Cannot read properties of null (reading 'brokers')")),
    },
    { logEndsUnknown: ({ message }) => void said.push(message) },
    1,
  );
  await driver.start();
  (await heard).assigned([{ topic: 'in', partition: 0, position: startingAt(0) }]);
  await asked.promise;
  await driver.stop(60_000);
  const before = questions;
  await t.throwsAsync(closed.promise, { message: /brokers/ });
  driver.scoring();
  t.deepEqual([said, fatal, questions], [[], [], before]);
});
