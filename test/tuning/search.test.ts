// The search for better settings, on a machine made of numbers: what is kept, what is left, why.

import test from 'ava';
import { Random } from '../../src/load/random.ts';
import type { RunFigures } from '../../src/tuning/figures.ts';
import { type Coordinate, type SearchResult, search, type TunableSettings } from '../../src/tuning/search.ts';
import { isHopeless, judge } from '../../src/tuning/verdict.ts';

const TARGET_MS = 20;

const figures = (recordsPerSecond: number, p99Ms = 10): RunFigures => ({
  recordsPerSecond,
  p99Ms,
  p50Ms: p99Ms / 2,
  cpuMicrosPerRecord: 3,
  mainThreadShare: 0.4,
});
const runs = (...rates: readonly number[]): RunFigures[] => rates.map((rate) => figures(rate));

test('a gain counts where each run of the one was better than each of the other', (t) => {
  t.like(judge(runs(100, 110, 105), runs(150, 140, 160), TARGET_MS), {
    isBetter: true,
    why: '43 % more records: 150 a second in place of 105, p99 10.0 ms',
  });
  t.like(judge(runs(100, 145, 105), runs(150, 140, 160), TARGET_MS), {
    isBetter: false,
    why: 'no difference beyond noise',
  });
  t.like(judge(runs(100, 100, 100), runs(102, 102, 102), TARGET_MS), { isBetter: false }, 'not worth a key');
  t.like(judge(runs(100, 110, 105), runs(50, 60, 55), TARGET_MS), {
    isBetter: false,
    why: '48 % fewer records a second',
  });
});

test('more records do not count where the target is missed for them', (t) => {
  t.deepEqual(judge(runs(100, 100, 100), [figures(200, 21), figures(200, 22), figures(200, 23)], TARGET_MS), {
    isBetter: false,
    why: 'p99 22.0 ms misses the target',
  });
  t.true(judge(runs(100, 100), [figures(200, 20.04), figures(200, 20.04)], TARGET_MS).isBetter);
});

test('where the target is missed, a lower latency wins, even with fewer records', (t) => {
  const missing = [figures(100, 50), figures(100, 60), figures(100, 55)];
  t.like(judge(missing, runs(80, 80, 80), TARGET_MS), {
    isBetter: true,
    why: 'p99 10.0 ms in place of 55.0 ms keeps the target',
  });
  t.true(judge(missing, [figures(100, 30), figures(100, 31), figures(100, 32)], TARGET_MS).isBetter);
  t.like(judge(missing, [figures(200, 49), figures(200, 58), figures(200, 61)], TARGET_MS), {
    isBetter: false,
    why: 'p99 misses the target either way, by no difference beyond noise',
  });
});

test('a rate that is not kept up with has a latency without end', (t) => {
  const endless = [1, 2, 3].map(() => figures(50, Number.POSITIVE_INFINITY));
  t.is(judge(runs(100, 100, 100), endless, TARGET_MS).why, 'p99 without end misses the target');
  t.true(isHopeless(figures(100), figures(100, Number.POSITIVE_INFINITY), TARGET_MS));
  t.true(isHopeless(figures(100), figures(40), TARGET_MS));
  t.false(isHopeless(figures(100), figures(60), TARGET_MS));
  t.false(isHopeless(figures(100, 500), figures(40), TARGET_MS), 'while the target is missed, nothing is');
});

const START: TunableSettings = { workers: 1, records: 4096, inFlight: 4 };
const COORDINATES: readonly Coordinate[] = [
  { key: 'workers', values: [2, 4] },
  { key: 'records', values: [1024, 16_384] },
  { key: 'inFlight', values: [2] },
];

interface Machine {
  /** Runs so far. */
  readonly ran: TunableSettings[];
  readonly found: Promise<SearchResult>;
}

/** A machine with that throughput, whose runs differ by up to `noise` of it. */
function on(
  rateOf: (settings: TunableSettings, run: number) => number | RunFigures | string,
  { noise = 0, runsMax = Number.POSITIVE_INFINITY } = {},
): Machine {
  const random = new Random(7);
  const ran: TunableSettings[] = [];
  const found = search({
    coordinates: COORDINATES,
    start: START,
    targetMs: TARGET_MS,
    rounds: 3,
    async measure(settings) {
      const rate = rateOf(settings, ran.push(settings));
      return typeof rate === 'number' ? figures(rate * (1 + noise * (random.next() - 0.5))) : rate;
    },
    hasTime: (more) => ran.length + more <= runsMax,
  });
  return { ran, found };
}

test('it finds the better value of each key, one key after the other', async (t) => {
  const { found } = on(
    ({ workers, records }) => 100 * Number(workers) * (records === 16_384 ? 1.2 : records === 1024 ? 0.8 : 1),
    { noise: 0.05 },
  );
  const { changes, final, tried, untried } = await found;
  t.deepEqual(
    changes.map(({ key, from, to }) => [key, from, to]),
    [
      ['workers', 1, 4],
      ['records', 4096, 16_384],
    ],
  );
  t.true(final?.verdict.isBetter);
  t.deepEqual(untried, []);
  t.is(tried.filter(({ isNow }) => isNow).length, COORDINATES.length);
  t.is(tried.find(({ key, value }) => key === 'inFlight' && value === 2)?.why, 'no difference beyond noise');
});

test('on noise alone nothing is changed', async (t) => {
  const { changes, tried } = await on(() => 100, { noise: 0.3 }).found;
  t.deepEqual(changes, []);
  t.true(tried.length > 0);
});

test('a machine that becomes slower while it is measured changes nothing', async (t) => {
  const { changes } = await on((_, run) => 1_000 / run).found;
  t.deepEqual(changes, []);
});

test('what is not better at the end than at the beginning is not kept', async (t) => {
  // 4 workers were better as long as they were tried, and are not any more.
  const { changes, final } = await on(({ workers }, run) => (workers === 4 && run < 25 ? 200 : 100)).found;
  t.false(final?.verdict.isBetter);
  t.deepEqual(changes, []);
});

test('what cannot be run is named and passed over', async (t) => {
  const { changes, tried } = await on(({ workers }) => (workers === 4 ? 'no room' : 100 * Number(workers)))
    .found;
  t.deepEqual(
    changes.map(({ to }) => to),
    [2],
  );
  t.like(
    tried.find(({ key, value }) => key === 'workers' && value === 4),
    { figures: null, why: 'no room' },
  );
});

test('what is hopeless after one run gets no other', async (t) => {
  const machine = on(({ workers }) => (workers === 4 ? 10 : 100));
  const { tried } = await machine.found;
  t.is(machine.ran.filter(({ workers }) => workers === 4).length, 1);
  t.regex(tried.find(({ value }) => value === 4)?.why ?? '', /given up after one run/);
});

test('it begins no key for which there is no time, and keeps time for the end', async (t) => {
  // 9 runs for workers, 9 for records, 6 for inFlight; and 6 for the end of what has changes.
  for (const [runsMax, without] of [
    [30, []],
    [29, ['inFlight']],
    [23, ['records']],
    [20, ['records', 'inFlight']],
    [9, ['records', 'inFlight']],
    [5, COORDINATES.map(({ key }) => key)],
  ] as const) {
    const machine = on(({ workers }) => 100 * Number(workers), { runsMax });
    const { changes, untried, final } = await machine.found;
    t.deepEqual(untried, without, `${runsMax} runs`);
    t.true(machine.ran.length <= runsMax);
    t.is(changes[0]?.to, runsMax < 9 ? undefined : 4);
    t.is(final !== null, runsMax >= 15, 'one change has been compared already');
  }
});
