// Carries out the engine's effects on the real ports, and tells the engine what happened, one
// message at a time. It is the only file of the engine that waits for anything.

import { ScorelaneError } from '../base/errors.ts';
import type { Refusal, Sink, Source } from '../log/ports.ts';
import { FencedError, PartitionGoneError, RefusedRecordsError, SinkError } from '../log/ports.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { Counter, Scorer, StatefulScorer } from '../scoring/ports.ts';
import { NO_TRIALS } from '../scoring/trial.ts';
import { Arrivals, messageOf } from './arrivals.ts';
import { CpuTime } from './cpu-time.ts';
import { step, wakeAtMs } from './dispatcher.ts';
import { failureOf } from './failure.ts';
import { leave, leavingMs, type Stopped } from './leaving.ts';
import type { EngineLimits, TunableLimits } from './limits.ts';
import type { Effect, Message, Opened } from './messages.ts';
import type { Observer } from './observer.ts';
import type { Clock } from './ports.ts';
import { type RecordedPart, Recorder } from './recorder.ts';
import { type EngineState, newEngine } from './state.ts';

/** Lanes do not advance, the cause is unknown, and joining the group again did not help. */
export class StalledError extends ScorelaneError {
  readonly code = 'SCORELANE_STALLED';
}

export interface DriverOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly scorer: Scorer | StatefulScorer;
  readonly counter: Counter;
  readonly clock: Clock;
  readonly limits: EngineLimits;
  readonly revokeTimeoutMs: number;
  readonly observer: Observer;
  /** How many of the last messages are kept for a dump, at least. */
  readonly messagesKept?: number;
  /** The source failed for good, or the engine found a fault in itself: nothing goes on. */
  readonly onFatal: (error: Error) => void;
}

export class Driver {
  readonly state: EngineState;
  readonly #options: DriverOptions;
  readonly #stateful: StatefulScorer | null;
  readonly #messages: Message[] = [];
  readonly #cpuTime: CpuTime;
  readonly #arrivals = new Arrivals((message) => this.#tell(message));
  readonly #recorder: Recorder;
  #running = false;
  #cancelTimer: () => void = () => {};
  #settled: (() => void)[] = [];
  #drained: ((unfinished: readonly string[]) => void) | undefined;
  /**
   * The driver died or is leaving: nothing is done any more. Calls that have not ended may fail
   * now, because their connections are closed.
   */
  #over = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#stateful = 'restore' in options.scorer ? options.scorer : null;
    this.state = newEngine(options.limits, this.#stateful !== null);
    this.#cpuTime = new CpuTime(options.clock);
    this.#recorder = new Recorder(this.state, options.messagesKept);
  }

  /** The last messages, each with its effects. */
  get recorded(): readonly RecordedPart[] {
    return this.#recorder.parts;
  }

  /** What has not answered the source for long, in words; null where nothing is late. */
  get unanswered(): string | null {
    return this.#options.source.unanswered?.() ?? null;
  }

  async start(): Promise<void> {
    const { source, counter, clock, revokeTimeoutMs, observer } = this.#options;
    await source.start({
      assigned: (partitions) => {
        observer.assigned?.(partitions);
        const { partitionCount } = partitions[0] ?? {};
        const isRemade = partitions.some(({ replaces }) => replaces !== undefined);
        if (partitionCount !== undefined) counter.inputHas(partitionCount, isRemade);
        this.#tell({ type: 'assigned', partitions });
      },
      revoking: (partitions) =>
        new Promise<void>((resolve) => {
          this.#settled.push(resolve);
          this.#tell({ type: 'revoking', partitions, deadlineMs: clock.nowMs() + revokeTimeoutMs });
          // An engine that is over settles nothing: the source would wait for ever, and so would
          // the stop.
          if (this.#over) resolve();
        }),
      revoked: (partitions) => this.#tell({ type: 'revoked', partitions }),
      lost: (partitions) => {
        observer.lost?.(partitions);
        this.#tell({ type: 'lost', partitions });
      },
      fetched: (...parts) => {
        const cpuMs = this.#cpuTime.told();
        if (cpuMs !== undefined) this.#tell({ type: 'used', cpuMs });
        this.#tell(messageOf(parts.map((fetched) => ({ type: 'fetched', fetched }))));
      },
      outOfRange: (event) => {
        observer.outOfRange?.(event);
        const { resumedAt: position, logEnd } = event;
        this.#tell({ type: 'outOfRange', partition: event, position, logEnd });
      },
      failed: (error) => this.#die(error),
    });
  }

  // What others tell the engine: `messages.ts` says what it means.
  scoring = (): void => this.#tell({ type: 'scoring' });
  stateLost = (lane: LaneAddress): void => this.#tell({ type: 'stateLost', lane });
  hold = (isHeld: boolean): void => this.#tell({ type: 'hold', isHeld });
  serve = (deployment: string, trials = NO_TRIALS): void => this.#tell({ type: 'serve', deployment, trials });
  retune = (limits: TunableLimits): void => this.#tell({ type: 'retune', limits });

  /**
   * Finishes and commits the work in flight, and leaves the group. Ends at the deadline, even if
   * something does not answer.
   */
  async stop(timeoutMs: number): Promise<Stopped> {
    const { source, clock } = this.#options;
    const untilMs = clock.nowMs() + timeoutMs;
    const { promise: drained, resolve } = Promise.withResolvers<readonly string[]>();
    this.#drained = resolve;
    this.#tell({ type: 'stop', deadlineMs: untilMs - leavingMs(timeoutMs) });
    const unfinished = this.#over ? [] : await drained;
    this.#end();
    const notLeft = await leave(source, clock, untilMs);
    return { unfinished, ...(notLeft === undefined ? {} : { notLeft }) };
  }

  /**
   * Messages are taken in order, each after the effects of the one before: effects may bring new
   * messages at once.
   */
  #tell(message: Message): void {
    this.#messages.push(message);
    if (this.#running || this.#over) return;
    this.#running = true;
    try {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) {
        const nowMs = this.#options.clock.nowMs();
        this.#recorder.told(this.state, next, nowMs);
        const effects = step(this.state, next, nowMs);
        this.#recorder.answered(effects);
        for (const effect of effects) this.#carryOut(effect);
      }
    } catch (error) {
      this.#die(error as Error);
    } finally {
      this.#running = false;
    }
    this.#setTimer();
  }

  #die(error: Error): void {
    if (this.#over) return;
    this.#end();
    this.#drained?.([...this.state.lanes.keys()]);
    this.#options.onFatal(error);
  }

  #end(): void {
    this.#over = true;
    this.#cancelTimer();
    for (const resolve of this.#settled.splice(0)) resolve();
  }

  /** Anew after each message: a clock that has jumped ahead makes a timer that is set come late. */
  #setTimer(): void {
    this.#cancelTimer();
    const atMs = this.#over ? Number.POSITIVE_INFINITY : wakeAtMs(this.state);
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#options.clock.setTimer(atMs, () => this.#tell({ type: 'tick' }));
  }

  #carryOut(effect: Effect): void {
    const { source, observer } = this.#options;
    observer.effect?.(effect);
    switch (effect.type) {
      case 'pause':
        source.pause(effect.partition);
        break;
      case 'resume':
        source.resume(effect.partition);
        break;
      case 'rest':
        source.rest(effect.ms);
        break;
      case 'seek':
        source.seek(effect.partition, effect.position);
        break;
      case 'score':
        this.#score(effect.task);
        break;
      case 'restore':
        this.#restore(effect);
        break;
      case 'forget':
        this.#stateful?.forget(effect.lane);
        break;
      case 'produce':
        this.#produce(effect);
        break;
      case 'commit':
        this.#commit(effect);
        break;
      case 'settled':
        for (const resolve of this.#settled.splice(0)) resolve();
        break;
      case 'drained':
        this.#drained?.(effect.unfinished);
        break;
      case 'askLogEnds':
        // No answer is no trouble of a lane: those that cannot go on report it themselves.
        source.logEnds().then(
          (ends) => this.#tell({ type: 'logEnds', ends }),
          (error: unknown) => this.#over || observer.logEndsUnknown?.(failureOf(error)),
        );
        break;
      case 'stalled':
        void source.rejoin();
        break;
      case 'gaveUp':
        this.#die(new StalledError(`joining again did not help: ${effect.lanes.join('; ')}`));
        break;
      default: // The others only tell something.
    }
  }

  #score(task: readonly Opened[]): void {
    const outcomes = this.#options.scorer.scoreTogether(task.map(({ microBatch }) => microBatch));
    for (const [index, outcome] of outcomes.entries()) this.#whenScored(task[index] as Opened, outcome);
  }

  #whenScored({ microBatch, arrivedAtMs }: Opened, scored: Promise<Outcome>): void {
    const { clock, observer } = this.#options;
    const { id, topic, partition, epoch } = microBatch;
    const lane = { topic, partition, epoch };
    scored.then(
      (outcome) => {
        observer.scored?.(microBatch, outcome, clock.nowMs() - arrivedAtMs);
        this.#arrivals.add({ type: 'scored', lane, id, outcome });
      },
      (error: unknown) => this.#arrivals.add({ type: 'scoreFailed', lane, id, failure: failureOf(error) }),
    );
  }

  #restore({ lane, position }: Extract<Effect, { type: 'restore' }>): void {
    this.#stateful?.restore(lane, position).then(
      (from) => this.#tell({ type: 'restored', lane, from }),
      (error: unknown) => this.#tell({ type: 'restoreFailed', lane, failure: failureOf(error) }),
    );
  }

  #produce(effect: Extract<Effect, { type: 'produce' }>): void {
    const { lane, id, answered, outcome } = effect;
    const { sink, scorer, counter, clock, observer } = this.#options;
    const sinceMs = clock.nowMs();
    sink.produce(outcome.outputs, answered).then(
      (done) => {
        scorer.release(done);
        observer.produced?.(lane, outcome, clock.nowMs() - sinceMs);
        this.#arrivals.add({ type: 'produced', lane, id });
      },
      (error: unknown) => {
        if (error instanceof RefusedRecordsError) {
          this.#mend(effect, error.refusals);
          return;
        }
        const retriable = !(error instanceof SinkError) || error.retriable;
        const failed = (isAstray: boolean): void =>
          this.#tell({ type: 'produceFailed', lane, id, failure: failureOf(error), retriable, isAstray });
        if (error instanceof PartitionGoneError) void counter.lacks(outcome.outputs).then(failed);
        else failed(false);
      },
    );
  }

  #mend(
    { lane, id, batches, deployment, outcome }: Extract<Effect, { type: 'produce' }>,
    refusals: readonly Refusal[],
  ): void {
    const { epoch: _, ...of } = lane;
    const { scorer, observer } = this.#options;
    scorer.mend({ ...of, batches, deployment }, outcome, refusals).then(
      (mended) => {
        observer.mended?.(lane, mended);
        this.#tell({ type: 'mended', lane, id, outcome: mended });
      },
      (error: unknown) =>
        this.#tell({ type: 'produceFailed', lane, id, failure: failureOf(error), retriable: false }),
    );
  }

  #commit({ commits }: Extract<Effect, { type: 'commit' }>): void {
    const { source, clock, observer } = this.#options;
    const sinceMs = clock.nowMs();
    source.commit(commits).then(
      () => {
        this.#stateful?.committed(commits);
        observer.committed?.(commits, clock.nowMs() - sinceMs);
        this.#tell({ type: 'committed', commits });
      },
      (error: unknown) => {
        const failure = failureOf(error);
        if (!(error instanceof FencedError) && !this.#over) observer.commitFailed?.(failure);
        this.#tell({ type: 'commitFailed', commits, failure });
      },
    );
  }
}
