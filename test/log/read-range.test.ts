// A topic read from here to there: everything between is handed over once, in order, whatever the
// source brings and in whatever order.

import test from 'ava';
import { viewOf, writeInt64 } from '../../src/base/int64.ts';
import { type OffsetRange, offset, startingAt } from '../../src/log/offset.ts';
import type { Fetched, Source, SourceListener } from '../../src/log/ports.ts';
import { readRange } from '../../src/log/read-range.ts';
import { type RawRecordBatch, readHeader } from '../../src/log/record-batch.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

/** Batches of two records each, the first at the offset. */
function batchesFrom(first: number, count: number): RawRecordBatch[] {
  return Array.from({ length: count }, (_, index) => {
    const { bytes } = batchOf('t', 0, [
      { key: null, value: 'a' },
      { key: null, value: 'b' },
    ]);
    writeInt64(viewOf(bytes), 0, first + 2 * index);
    return { header: readHeader(bytes), bytes };
  });
}

/** A source that does what the test says. */
class ScriptedSource {
  readonly calls: string[] = [];
  listener: SourceListener | undefined;
  readonly port: Source;

  constructor() {
    const call =
      (name: string) =>
      (...args: unknown[]) =>
        void this.calls.push([name, ...args.map((arg) => JSON.stringify(arg))].join(' '));
    this.port = {
      start: async (listener: SourceListener) => {
        this.listener = listener;
      },
      stop: async () => call('stop')(),
      pause: ({ partition }: { partition: number }) => call('pause')(partition),
      resume: ({ partition }: { partition: number }) => call('resume')(partition),
      seek: ({ partition }: { partition: number }, to: number) => call('seek')(partition, to),
    } as unknown as Source;
  }

  assign(...partitions: readonly number[]): void {
    this.listener?.assigned(
      partitions.map((partition) => ({ topic: 't', partition, position: startingAt(0) })) as never,
    );
  }

  fetch(partition: number, from: number, count: number): void {
    const batches = batchesFrom(from, count);
    this.listener?.fetched({ topic: 't', partition, from: startingAt(from), batches } as unknown as Fetched);
  }
}

/** Starts to read; `taken` are the offsets of what was handed over. */
function reading(ranges: readonly OffsetRange[], fail?: Error) {
  const source = new ScriptedSource();
  const taken: string[] = [];
  const state = { takes: 0, isEnded: false };
  const ended = readRange(source.port, ranges, ({ partition, batches }) => {
    if (fail !== undefined) throw fail;
    state.takes++;
    for (const { header } of batches) taken.push(`${partition}/${header.baseOffset}`);
  });
  const ending = ended.then(() => {
    state.isEnded = true;
  });
  /** Whether it has ended, once everything that was to happen has happened. */
  const hasEnded = async (): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve));
    return state.isEnded;
  };
  return { source, taken, ended: ending, hasEnded, state };
}

const range = (from: number, until: number): OffsetRange => ({ from, until });

test('nothing is read, and no source started, where all ranges are empty', async (t) => {
  const { source, ended } = reading([range(5, 5), range(9, 3)]);
  await ended;
  t.is(source.listener, undefined);
  t.deepEqual(source.calls, []);
});

test('each partition is read from where its range begins until it ends, and those without a range are left alone', async (t) => {
  const { source, taken, ended, hasEnded } = reading([range(4, 8), range(0, 0), range(0, 3)]);
  source.assign(0, 1, 2);
  t.deepEqual(source.calls, ['seek 0 4', 'pause 1', 'seek 2 0']);
  source.fetch(2, 0, 1);
  source.fetch(0, 4, 1);
  source.fetch(1, 0, 1);
  source.fetch(2, 2, 2);
  source.fetch(2, 6, 1);
  t.false(await hasEnded(), 'partition 0 is not at its end');
  source.fetch(0, 6, 1);
  await ended;
  t.deepEqual(taken, ['2/0', '0/4', '2/2', '2/4', '0/6']);
  t.is(source.calls.at(-1), 'stop');
});

test('what comes from before the seek, twice, or with a gap before it is not taken for what comes next', async (t) => {
  const { source, taken, ended, state } = reading([range(4, 10)]);
  source.assign(0);
  source.fetch(0, 0, 2);
  t.is(state.takes, 0, 'all of it is below the range');
  source.fetch(0, 8, 1);
  t.deepEqual(taken, [], 'something between is missing');
  source.fetch(0, 4, 0);
  source.fetch(0, 2, 2);
  t.deepEqual(taken, ['0/4'], 'what is below the range is left out');
  source.fetch(0, 2, 2);
  source.fetch(0, 4, 2);
  t.deepEqual(taken, ['0/4', '0/6']);
  source.fetch(0, 8, 1);
  await ended;
  t.deepEqual(taken, ['0/4', '0/6', '0/8']);
});

test('after a rebalance it goes on where it was', async (t) => {
  const { source, ended } = reading([range(0, 6), range(0, 2)]);
  source.assign(0, 1);
  source.fetch(0, 0, 2);
  source.fetch(1, 0, 1);
  source.assign(0, 1);
  t.deepEqual(source.calls, ['seek 0 0', 'seek 1 0', 'seek 0 4', 'pause 1']);
  source.fetch(0, 4, 1);
  await ended;
});

test('of a range that the log has dropped the rest is read; one that is dropped whole is at its end', async (t) => {
  const { source, taken, ended, hasEnded } = reading([range(0, 6), range(0, 6), range(0, 0)]);
  source.assign(0, 1);
  const dropped = (partition: number, resumedAt: number): void =>
    source.listener?.outOfRange({ topic: 't', partition, resumedAt: offset(resumedAt) } as never);
  dropped(2, 0);
  dropped(1, 6);
  dropped(0, 5);
  source.fetch(1, 6, 1);
  t.deepEqual(taken, []);
  t.false(await hasEnded());
  dropped(0, 7);
  await ended;
  t.is(source.calls.at(-1), 'stop');
});

test('an error of the source, or of who takes, ends it with that error, and the source is stopped', async (t) => {
  const broken = reading([range(0, 2)]);
  broken.source.listener?.failed(new Error('the source is broken'));
  await t.throwsAsync(broken.ended, { message: 'the source is broken' });
  t.deepEqual(broken.source.calls, ['stop']);
  const unwilling = reading([range(0, 2)], new Error('not mine'));
  unwilling.source.assign(0);
  unwilling.source.fetch(0, 0, 1);
  await t.throwsAsync(unwilling.ended, { message: 'not mine' });
  t.is(unwilling.source.calls.at(-1), 'stop');
});

test('a visit that takes its time is waited for: one fetch after the other, and the source rests meanwhile', async (t) => {
  const source = new ScriptedSource();
  const visits: { readonly from: number; readonly done: PromiseWithResolvers<void> }[] = [];
  const ranges = [
    { from: 0, until: 40 },
    { from: 0, until: 2 },
  ].map(({ from, until }) => ({ from: offset(from), until: offset(until) }));
  const read = readRange(source.port, ranges, ({ from }) => {
    const done = Promise.withResolvers<void>();
    visits.push({ from, done });
    return done.promise;
  });
  source.assign(0, 1);
  source.fetch(1, 0, 1);
  for (let from = 0; from < 40; from += 4) source.fetch(0, from, 2);
  t.is(visits.length, 1);
  t.true(source.calls.includes('pause 0'), 'more of it would only wait');
  t.false(source.calls.includes('resume 0'));
  // That the rest is gone does not end what waits.
  source.listener?.outOfRange({ topic: 't', partition: 0, resumedAt: startingAt(50) } as never);
  for (let next = 0; next < visits.length; next++) {
    visits[next]?.done.resolve();
    await until('the next visit, or the end', () => visits.length > next + 1 || next === 10);
  }
  await read;
  t.deepEqual(
    visits.map(({ from }) => Number(from)),
    [0, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36],
  );
  t.is(source.calls.at(-1), 'stop');
});

test('what a visit rejects with ends the reading', async (t) => {
  const source = new ScriptedSource();
  const read = readRange(source.port, [{ from: offset(0), until: offset(9) }], async () => {
    throw new Error('no registry');
  });
  source.assign(0);
  source.fetch(0, 0, 1);
  await t.throwsAsync(read, { message: 'no registry' });
});
