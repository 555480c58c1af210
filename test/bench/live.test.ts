// What the scenario `live` measures with: a schedule with bursts, a load source that sends as the
// producers of people do, and the table that names what the slowest records waited for.

import test from 'ava';
import fc from 'fast-check';
import { brokerPauses } from '../../bench/harness/broker-pauses.ts';
import { momentsOf, slowestOf } from '../../bench/harness/tail.ts';
import { runLingering } from '../../bench/load/lingering.ts';
import { errorIn, produceRequest } from '../../bench/load/produce-client.ts';
import { Schedule } from '../../bench/load/schedule.ts';
import type { ResultBatch, Sink } from '../../src/log/ports.ts';

test('as many records are due before a time as have an earlier time, with and without bursts', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 0, max: 50 }),
      fc.double({ min: 0, max: 3_500, noNaN: true }),
      (rate, burst, atMs) => {
        const schedule = new Schedule(rate, burst);
        const count = schedule.countBefore(atMs);
        const slack = 1e-6;
        return (
          (count === 0 || schedule.dueMs(count - 1) < atMs + slack) && schedule.dueMs(count) >= atMs - slack
        );
      },
    ),
  );
  const bursts = new Schedule(2, 3);
  t.deepEqual(
    Array.from({ length: 6 }, (_, number) => bursts.dueMs(number)),
    [0, 0, 0, 0, 500, 1000],
  );
});

/** Acknowledges a call when `behind` more calls have come, or all records. */
function slowSink(
  partitions: number,
  behind: number,
): { readonly sink: Sink; readonly calls: (readonly ResultBatch[])[]; peak(): number } {
  const calls: (readonly ResultBatch[])[] = [];
  const waiting: (() => void)[] = [];
  let peak = 0;
  const sink: Sink = {
    start: async () => {},
    partitionCount: async () => partitions,
    async produce(batches) {
      calls.push(batches);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      peak = Math.max(peak, waiting.length);
      const isAll = countOf(calls) === plan.count;
      while (waiting.length > (isAll ? 0 : behind)) waiting.shift()?.();
      await promise;
      return batches;
    },
    stop: async () => {},
  };
  return { sink, calls, peak: () => peak };
}

const plan = {
  topic: 'in',
  format: 'msgpack',
  width: 4,
  first: 0,
  count: 200,
  recordsPerSecond: 4_000,
} as const;
const live = { burst: 0, compression: 'none' } as const;
const countOf = (calls: readonly (readonly ResultBatch[])[]): number =>
  calls.flat().reduce((sum, { recordCount }) => sum + recordCount, 0);

test('a linger gathers the records of a partition; without one they go at once', async (t) => {
  const [slow, quick] = [slowSink(2, 0), slowSink(2, 0)];
  // Not before both loops are there.
  const timed = { ...live, startAtMs: Date.now() + 500 };
  const [, { sent, requests, lateMs }] = await Promise.all([
    runLingering({ ...plan, recordsPerSecond: 200 }, { ...timed, lingerMs: 5_000 }, slow.sink),
    runLingering({ ...plan, recordsPerSecond: 200 }, { ...timed, lingerMs: 0 }, quick.sink),
  ]);
  t.is(sent, 200);
  t.is(requests, quick.calls.length);
  t.true((lateMs?.length ?? 0) > 0);
  for (const { calls } of [slow, quick]) t.is(countOf(calls), 200);
  t.is(slow.calls.length, 1, 'a linger longer than the load: all goes together');
  t.true(quick.calls.length > 2, `${quick.calls.length}`);
});

test('at most five requests are in flight: what comes meanwhile waits in the open batches', async (t) => {
  const { sink, calls, peak } = slowSink(1, 4);
  await runLingering(plan, { ...live, lingerMs: 0, startAtMs: Date.now() }, sink);
  t.is(countOf(calls), plan.count);
  t.true(peak() <= 5);
});

test('a produce request is what the protocol says, and the error of any partition is found', (t) => {
  const batch = (partition: number, ...bytes: number[]): ResultBatch => ({
    topic: 'in',
    partition,
    bytes: Uint8Array.from(bytes),
    recordCount: 1,
  });
  const request = produceRequest(7, 'in', [batch(0, 1, 2, 3), batch(5, 9)]);
  t.is(request.readInt32BE(0), request.length - 4);
  t.is(
    request.subarray(4).toString('hex'),
    '0000' +
      '0007' +
      '00000007' +
      '000a' +
      Buffer.from('bench-load').toString('hex') +
      'ffff' +
      'ffff' +
      '00007530' +
      '00000001' +
      '0002' +
      '696e' +
      '00000002' +
      '00000000' +
      '00000003' +
      '010203' +
      '00000005' +
      '00000001' +
      '09',
  );
  const answer = (...codes: number[]): Buffer => {
    const bytes = Buffer.alloc(16 + 30 * codes.length + 4);
    bytes.writeInt32BE(1, 4);
    bytes.writeInt16BE(2, 8);
    bytes.write('in', 10);
    bytes.writeInt32BE(codes.length, 12);
    for (const [index, code] of codes.entries()) bytes.writeInt16BE(code, 16 + 30 * index + 4);
    return bytes;
  };
  t.is(errorIn(answer(0, 0)), 0);
  t.is(errorIn(answer(0, 10)), 10);
});

test('the slowest records are put together into moments, each with what happened meanwhile', (t) => {
  const latencyMs = Float64Array.from({ length: 1_000 }, (_, number) =>
    number === 300 ? 90 : number === 301 ? 80 : number === 700 ? 60 : 5,
  );
  const slow = slowestOf(latencyMs, 100, (number) => number * 10, 0.003);
  const moments = momentsOf(slow, [
    { what: 'scorer: collection', ms: 70, fromMs: 3_010, untilMs: 3_080 },
    { what: 'scorer: collection', ms: 4, fromMs: 3_081, untilMs: 3_085 },
    { what: 'broker: paused', ms: 3, fromMs: 3_050, untilMs: 3_053 },
    { what: 'load source: late', ms: 5, isLateness: true, fromMs: 7_000, untilMs: 7_010 },
    { what: 'load source: late', ms: 6, isLateness: true, fromMs: 7_010, untilMs: 7_020 },
    { what: 'load source: late', ms: 50, isLateness: true, fromMs: 9_000, untilMs: 9_050 },
  ]);
  t.deepEqual(
    moments.map(({ records, worstMs, seen }) => ({ records, worstMs, seen })),
    [
      { records: 2, worstMs: 90, seen: ['scorer: collection 74 ms', 'broker: paused 3.0 ms'] },
      { records: 1, worstMs: 60, seen: ['load source: late 6.0 ms'] },
    ],
  );
});

test("the broker's long pauses are read from the log of its Java", (t) => {
  const line = (name: string, nanos: number): string =>
    `[1732659000100ms] Safepoint "${name}", Time since last: 1 ns, Reaching safepoint: 2 ns, At safepoint: 3 ns, Total: ${nanos} ns`;
  t.deepEqual(
    brokerPauses(
      [line('G1CollectForAllocation', 25e6), line('Cleanup', 1e5), 'something else', ''].join('\n'),
    ),
    [
      {
        what: 'broker: stopped for G1CollectForAllocation',
        ms: 25,
        fromMs: 1732659000075,
        untilMs: 1732659000100,
      },
    ],
  );
});
