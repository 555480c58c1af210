// What the page is told once a second: the state of all jobs now, and the rates since the reading
// before. Nothing of a record is in it: a page without a login is no place for data of customers.

import { budgetBytes } from '../engine/credits.ts';
import { heldBytes } from '../engine/lane.ts';
import { CODES, REJECTIONS } from '../features/rejection.ts';
import type { Meter } from '../telemetry/meter.ts';
import { usedByThreads } from '../telemetry/threads.ts';
import { type LaneRates, shownLanes } from './lanes.ts';
import { shownDrift, shownTrials } from './shown-drift.ts';
import type { ShownJob } from './shown-job.ts';
import { shownVersions } from './shown-versions.ts';
import type { JobSnapshot, LettersOfCode, PageSnapshot, Rates, StageTimes } from './told.ts';

interface LaneTotals {
  readonly epoch: number;
  /** The next offset to fetch. */
  readonly position: number;
  /** Below it all have their answers. */
  readonly answered: number;
}

/** What only grows, of one job: rates are the differences of two. */
interface Totals {
  /** By partition. */
  readonly lanes: ReadonlyMap<string, LaneTotals>;
  readonly scored: number;
  readonly results: number;
  readonly deadLetters: number;
  readonly codes: Meter['deadLetterCodes'];
}

/** All that is needed of one moment to make the rates of the next. */
export interface TotalsRead {
  readonly takenAtMs: number;
  readonly jobs: ReadonlyMap<string, Totals>;
  readonly threadSeconds: number;
}

/** What is there besides the jobs, at one moment. */
export interface Moment {
  /** Of a clock that never goes back. */
  readonly takenAtMs: number;
  /** The time of day. */
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly version: string;
  readonly memory: PageSnapshot['memory'];
  /** Of each job that runs, by its name: since the last snapshot. */
  readonly times: ReadonlyMap<string, StageTimes>;
}

const metersOf = (jobs: readonly ShownJob[]): Meter[] =>
  jobs.flatMap(({ running }) => (running === null ? [] : [running.meter]));

export function readingOf(jobs: readonly ShownJob[], takenAtMs: number): TotalsRead {
  const running = jobs.flatMap(({ name, running: now }) => (now === null ? [] : [[name, now] as const]));
  return {
    takenAtMs,
    threadSeconds: usedByThreads(metersOf(jobs).map(({ threads }) => threads)).cpuSeconds,
    jobs: new Map(
      running.map(([name, { engine, meter }]) => {
        const totals: Totals = {
          lanes: new Map(
            [...engine.lanes.values()].map(({ key, epoch, position, ledger }) => [
              key,
              { epoch, position, answered: ledger.committable },
            ]),
          ),
          scored: meter.flow.microBatchRecords.sum,
          results: meter.records.scored,
          deadLetters: meter.records.deadLetters,
          codes: meter.deadLetterCodes,
        };
        return [name, totals];
      }),
    ),
  };
}

export function snapshotOf(
  jobs: readonly ShownJob[],
  before: TotalsRead | null,
  now: TotalsRead,
  moment: Moment,
): PageSnapshot {
  const seconds = before === null ? 0 : Math.max(0.001, (now.takenAtMs - before.takenAtMs) / 1_000);
  const threads = Math.max(0, ...jobs.map(({ running }) => running?.workers ?? 0));
  const used = before === null ? null : Math.max(0, now.threadSeconds - before.threadSeconds) / seconds;
  return {
    version: moment.version,
    startedAtMs: moment.startedAtMs,
    nowMs: moment.nowMs,
    isReady: jobs.every(({ reasons }) => reasons.length === 0),
    threads: {
      count: threads,
      busy: used === null ? null : rounded(Math.min(threads, used)),
      tensors: usedByThreads(metersOf(jobs).map(({ threads: each }) => each)).tensors,
    },
    memory: moment.memory,
    jobs: jobs.map((job) => {
      const [then, totals] = [before?.jobs.get(job.name), now.jobs.get(job.name)];
      return jobSnapshot(job, then, totals, seconds, moment);
    }),
  };
}

function jobSnapshot(
  { name, reasons, running }: ShownJob,
  before: Totals | undefined,
  now: Totals | undefined,
  seconds: number,
  { nowMs, takenAtMs, times }: Moment,
): JobSnapshot {
  const told = reasons.map(({ code, message }) => ({ code, message }));
  if (running === null || now === undefined) return { name, reasons: told, running: null };
  const { engine, meter, model, backend, versions, topics, lag } = running;
  const lanes = [...engine.lanes.values()];
  return {
    name,
    reasons: told,
    running: {
      model,
      backend,
      versions: shownVersions(versions),
      drift: shownDrift(meter, versions.serving, takenAtMs),
      trials: shownTrials(meter),
      topics,
      lag,
      waiting: lanes.reduce((sum, { mailbox }) => sum + mailbox.records, 0),
      inFlight: lanes.reduce((sum, { ledger }) => sum + ledger.inFlight, 0),
      fill: rounded(Math.min(1, lanes.reduce((sum, lane) => sum + heldBytes(lane), 0) / budgetBytes(engine))),
      rates: before === undefined ? null : ratesOf(before, now, seconds),
      scored: now.results,
      deadLetters: lettersOf(meter, before, seconds, nowMs),
      lanes: shownLanes(engine, before === undefined ? null : laneRates(before, now, seconds)),
      laneCount: lanes.length,
      times: times.get(name) ?? NO_TIMES,
    },
  };
}

const NO_TIMES: StageTimes = {
  queue: null,
  decode: null,
  predict: null,
  encode: null,
  produce: null,
  endToEnd: null,
};

const rounded = (value: number): number => Math.round(value * 100) / 100;

function ratesOf(before: Totals, now: Totals, seconds: number): Rates {
  let fetched = 0;
  for (const [key, { position, epoch }] of now.lanes) {
    const then = before.lanes.get(key);
    // A lane that began again went back.
    if (then?.epoch === epoch) fetched += Math.max(0, position - then.position);
  }
  const rate = (count: number): number => rounded(Math.max(0, count) / seconds);
  return {
    fetched: rate(fetched),
    scored: rate(now.scored - before.scored),
    results: rate(now.results - before.results),
    deadLetters: rate(now.deadLetters - before.deadLetters),
  };
}

const laneRates = (before: Totals, now: Totals, seconds: number): LaneRates =>
  new Map(
    [...now.lanes].map(([key, { answered }]) => {
      const then = before.lanes.get(key)?.answered ?? answered;
      return [key, rounded(Math.max(0, answered - then) / seconds)];
    }),
  );

/** By code, most first. The words are those of the code: the reason of a record may quote it. */
function lettersOf(
  meter: Meter,
  before: Totals | undefined,
  seconds: number,
  nowMs: number,
): LettersOfCode[] {
  const { deadLetterCodes, lastLetters } = meter;
  return CODES.flatMap((code): LettersOfCode[] => {
    const count = deadLetterCodes[code] ?? 0;
    if (count === 0) return [];
    const last = lastLetters.get(code);
    return [
      {
        code,
        count,
        perSecond: before === undefined ? null : rounded((count - (before.codes[code] ?? 0)) / seconds),
        meaning: REJECTIONS[code][1],
        last:
          last === undefined
            ? null
            : {
                topic: last.topic,
                partition: last.partition,
                offset: last.offset,
                ageMs: Math.max(0, nowMs - last.wallMs),
              },
      },
    ];
  }).sort((left, right) => right.count - left.count);
}
