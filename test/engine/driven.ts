// A driver whose source, sink, scorer and clock are in the hand of the test: each call is written
// down, and is answered when the test says so.

import { Driver, type DriverOptions } from '../../src/engine/driver.ts';
import type { Effect } from '../../src/engine/messages.ts';
import { type NextOffset, startingAt } from '../../src/log/offset.ts';
import type { AssignedPartition, LogEnd, ResultBatch, SourceListener } from '../../src/log/ports.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { oneRecord, SCORED } from './one-engine.ts';
import { limits } from './world.ts';

export const LANE = { topic: 'in', partition: 0 };

/** One call of a port: its arguments, and what ends it. */
interface Call<Answer> {
  readonly given: readonly unknown[];
  readonly answer: (answer: Answer) => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

class Calls<Answer> {
  readonly all: Call<Answer>[] = [];

  readonly take = (...given: readonly unknown[]): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.all.push({
      given,
      answer: async (answer) => settled(resolve(answer)),
      fail: async (error) => settled(reject(error)),
    });
    return promise;
  };

  get last(): Call<Answer> {
    const last = this.all.at(-1);
    if (last === undefined) throw new Error('there was no such call');
    return last;
  }
}

/** Everything that follows from an answer at once has happened. */
const settled = (_: unknown): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Driven {
  readonly calls = {
    score: new Calls<Outcome>(),
    mend: new Calls<Outcome>(),
    restore: new Calls<NextOffset>(),
    produce: new Calls<readonly ResultBatch[]>(),
    commit: new Calls<void>(),
    logEnds: new Calls<readonly LogEnd[]>(),
    leave: new Calls<void>(),
    lacks: new Calls<boolean>(),
  };
  /** What was called without an answer, in order: `pause in/0`, `forget in/0`. */
  readonly said: string[] = [];
  readonly fatal: Error[] = [];
  readonly released: (readonly ResultBatch[])[] = [];
  readonly effects: Effect[] = [];
  readonly driver: Driver;
  nowMs = 1_000;
  cpuMs = 0;
  #timer: { readonly atMs: number; readonly callback: () => void } | null = null;
  #listener: SourceListener | undefined;

  constructor(more: Partial<DriverOptions> & { readonly keepsState?: boolean } = {}) {
    const { calls, said } = this;
    const note =
      (name: string) =>
      ({ topic, partition }: typeof LANE, ...rest: readonly unknown[]): void =>
        void said.push([name, `${topic}/${partition}`, ...rest].join(' '));
    const { keepsState = false, ...options } = more;
    const stateless: DriverOptions['scorer'] = {
      scoreTogether: (microBatches) => microBatches.map((each) => calls.score.take(each)),
      mend: calls.mend.take,
      release: (outputs) => void this.released.push(outputs),
    };
    this.driver = new Driver({
      source: {
        start: async (listener) => {
          this.#listener = listener;
        },
        pause: note('pause'),
        resume: note('resume'),
        seek: note('seek'),
        rest: (ms) => void said.push(`rest ${ms}`),
        commit: calls.commit.take,
        logEnds: calls.logEnds.take,
        offsetAt: async () => 0,
        rejoin: async () => void said.push('rejoin'),
        stop: calls.leave.take,
      },
      sink: {
        start: async () => {},
        stop: async () => {},
        partitionCount: async () => 1,
        produce: calls.produce.take,
      },
      counter: {
        inputHas: (count, isRemade) => void said.push(`input has ${count}${isRemade ? ' anew' : ''}`),
        lacks: calls.lacks.take,
      },
      scorer: keepsState
        ? {
            ...stateless,
            restore: calls.restore.take,
            forget: note('forget'),
            committed: (commits) => void said.push(`committed ${commits.map(({ next }) => next).join(' ')}`),
          }
        : stateless,
      clock: {
        nowMs: () => this.nowMs,
        cpuMs: () => this.cpuMs,
        setTimer: (atMs, callback) => {
          const timer = { atMs, callback };
          this.#timer = timer;
          return () => {
            if (this.#timer === timer) this.#timer = null;
          };
        },
      },
      limits: { ...limits, microBatch: { recordsMax: 1, bytesMax: 10_000, lingerMs: 5 } },
      revokeTimeoutMs: 60_000,
      observer: { effect: (effect) => void this.effects.push(effect) },
      onFatal: (error) => void this.fatal.push(error),
      ...options,
    });
  }

  get listener(): SourceListener {
    if (this.#listener === undefined) throw new Error('the driver was not started');
    return this.#listener;
  }

  /** When the driver wants to be woken. */
  get timerAtMs(): number | null {
    return this.#timer?.atMs ?? null;
  }

  async start(...partitions: readonly Partial<AssignedPartition>[]): Promise<void> {
    await this.driver.start();
    if (partitions.length === 0) return;
    this.listener.assigned(partitions.map((more) => ({ ...LANE, position: startingAt(0), ...more })));
  }

  /** Time passes, and each timer goes off on its way. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let timer = this.#timer; timer !== null && timer.atMs <= untilMs; timer = this.#timer) {
      this.#timer = null;
      this.nowMs = Math.max(this.nowMs, timer.atMs);
      timer.callback();
    }
    this.nowMs = untilMs;
  }

  /** Codes of the troubles that the lanes had. */
  get troubles(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'trouble' ? [effect.failure.code] : []));
  }
}

/** Record batches of one record each, at these offsets. */
export const fetched = (first: number, ...more: readonly number[]) => ({
  ...LANE,
  from: startingAt(first),
  batches: [first, ...more].map(oneRecord),
  highWatermark: 100,
});

/** A driver with one micro-batch that is being produced. */
export async function producing(more: ConstructorParameters<typeof Driven>[0] = {}): Promise<Driven> {
  const driven = new Driven(more);
  await driven.start({});
  driven.listener.fetched(fetched(0));
  await driven.calls.score.last.answer(SCORED);
  return driven;
}
