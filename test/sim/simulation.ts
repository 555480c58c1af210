// One run: several daemons, one cluster, load, and trouble drawn from a seed. Then the trouble
// ends, everything must come to its end within a bound, and the checkers read the whole history.

import type { StateDump } from '../../src/daemon/dump-text.ts';
import * as checkers from '../guarantees/checkers.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { astray } from './astray.ts';
import { Cluster, DEAD, INPUT, RESULTS } from './cluster.ts';
import { Dice, type Fault, isCalm, type Plan } from './faults.ts';
import { SimGroup } from './group.ts';
import { Input } from './input.ts';
import { COUNT_MS, Instance, type InstanceWorld } from './instance.ts';
import { UNKNOWN_EPOCH } from './producer.ts';
import { Scheduler } from './scheduler.ts';
import { disturbed, type PlanName, SimDisk } from './sim-model.ts';
import { misjudged } from './skips.ts';
import { SESSION_MS } from './source.ts';
import { TROUBLE } from './trouble.ts';
import { outOfTurn, planIn, sameInputGivesSameOutput } from './versions.ts';

/**
 * Virtual time in which everything must be scored and committed once nothing fails any more: as
 * many daemons as there may be have to find out, one after the other, that they have stalled.
 */
const BOUND_MS = 40_000;
/**
 * In a calm run it must be that soon: nothing waits for a timer that is there for other reasons.
 */
const CALM_BOUND_MS = 800;
const COUNTS_CHANGE: readonly Fault[] = ['inputGrows', 'outputsRemade'];
const MAY_STALL: readonly Fault[] = ['stalls', 'coordinatorLoss', 'pauses'];
const BATCHES = 90;
const RECORDS_MAX = 6;
const INSTANCES_MAX = 4;
const PARTITIONS_MAX = 7;
/** The last of them come when all counts of partitions have been known for a while. */
const LAST_BATCHES = 12;
const KNOWN_MS = 5 * COUNT_MS;

export interface Outcome {
  readonly violations: readonly string[];
  readonly records: number;
  readonly events: number;
  readonly history: readonly HistoryEvent[];
  readonly trace: readonly string[];
  /** What the engines would have dumped at the end. */
  readonly dumped: readonly StateDump['engine'][];
}

export async function simulate(plan: Plan, options: { readonly trace: boolean }): Promise<Outcome> {
  const simulation = new Simulation(plan, options.trace);
  return simulation.run();
}

export class Simulation implements InstanceWorld {
  readonly cluster = new Cluster();
  readonly dice: Dice;
  readonly scheduler = new Scheduler();
  readonly group: SimGroup;
  readonly refusing = new Set<string>();
  readonly disk: SimDisk | null;
  readonly #plan: Plan;
  readonly #traces: boolean;
  readonly #trace: string[] = [];
  readonly #failures: string[] = [];
  readonly #epochs = new WeakMap<Uint8Array, number>();
  /** Inputs that retention deleted before they were committed: nobody can be asked for them. */
  readonly #deleted = new Set<string>();
  /** Inputs that came when all counts of partitions were known. */
  readonly #settled = new Set<string>();
  readonly input: Input;
  #instances: Instance[] = [];
  #started = 0;
  #batches = 0;
  #events = 0;
  #loadEndedMs = 0;
  /** When a count of partitions changed last. */
  #countedMs = 0;

  constructor(plan: Plan, traces: boolean) {
    this.#plan = plan;
    this.#traces = traces;
    this.dice = new Dice(plan);
    this.input = new Input(this.cluster, this.dice, this.scheduler, plan);
    this.cluster.lanesShare = COUNTS_CHANGE.some((fault) => plan.faults.has(fault));
    this.cluster.smallTopics = plan.faults.has('smallTopics');
    this.cluster.routes = plan.faults.has('routes');
    this.cluster.hasVersions = plan.faults.has('versions');
    this.disk = plan.windows ? new SimDisk(this.dice) : null;
    this.group = new SimGroup(this);
  }

  async run(): Promise<Outcome> {
    const { scheduler, dice } = this;
    this.#startInstance();
    this.#startInstance();
    this.#load();
    this.#nemesis();
    const observe = (): void => {
      this.#events++;
      for (const instance of this.#instances) instance.observe();
      if (this.#batches < BATCHES) this.#loadEndedMs = scheduler.nowMs;
    };
    await scheduler.run(this.#plan.faultsUntilMs, () => false, observe);
    this.note(() => 'the time of faults is over');
    dice.troubled = false;
    this.refusing.clear();
    this.group.coordinatorIsBack();
    for (const { process } of this.#instances) process.thaw();
    if (!this.#instances.some(({ process, stopping }) => process.alive && !stopping)) this.#startInstance();
    await scheduler.run(scheduler.nowMs + BOUND_MS, () => this.#done(), observe);
    const tookMs = scheduler.nowMs - Math.max(this.#loadEndedMs, this.#plan.faultsUntilMs);
    if (isCalm(this.#plan) && tookMs > CALM_BOUND_MS)
      this.failed(`took ${tookMs} ms to the end, in a calm run`);
    return this.#outcome();
  }

  planOf = (version: string): PlanName | undefined => planIn(this.#plan, version);

  epochOf(bytes: Uint8Array): number {
    return this.#epochs.get(bytes) ?? UNKNOWN_EPOCH;
  }

  made(bytes: Uint8Array, epoch: number): void {
    this.#epochs.set(bytes, epoch);
  }

  failed(words: string): void {
    this.#failures.push(words);
  }

  /** A stall is a fault of ours, unless this run has such trouble as may cause one. */
  stalled(words: string): void {
    if (!MAY_STALL.some((fault) => this.#plan.faults.has(fault)))
      this.failed(`stalled for no reason: ${words}`);
  }

  note(words: () => string): void {
    if (this.#traces) this.#trace.push(`${this.scheduler.nowMs.toFixed(1).padStart(8)} ${words()}`);
  }

  #done(): boolean {
    return (
      this.#batches === BATCHES &&
      this.cluster.inputs().every((tp) => this.cluster.committed(tp) === this.cluster.logEnd(tp))
    );
  }

  #outcome(): Outcome {
    const { cluster } = this;
    for (const tp of cluster.inputs()) {
      const logEnd = cluster.logEnd(tp);
      const committed = cluster.committed(tp) ?? 0;
      cluster.history.push({ type: 'ended-run', logEnd, committed, ready: true, ...tp });
    }
    const inputs = this.input.history.map((input) =>
      this.#deleted.has(recordOf(input)) ? { ...input, absent: true } : input,
    );
    const history = [...inputs, ...cluster.history];
    const found = checkers.violations(history, {
      ...checkers.ALWAYS,
      ...(this.dice.has('versions') ? { sameInputGivesSameOutput, outOfTurn } : {}),
      badRecordsCostOnlyThemselves: checkers.badRecordsCostOnlyThemselves,
      ...(isCalm(this.#plan) ? { nothingIsRepeated: checkers.nothingIsRepeated } : {}),
    });
    found.push(...astray(cluster.history, (event) => this.#settled.has(recordOf(event))));
    if (this.#plan.windows) found.push(...disturbed(cluster, (version) => this.planOf(version) ?? 'first'));
    if (this.dice.has('skips')) found.push(...misjudged(cluster, this.input.history));
    if (found.length > 0) for (const instance of this.#instances) this.note(() => instance.describe());
    return {
      violations: [...this.#failures, ...found],
      records: inputs.length,
      events: this.#events,
      history,
      trace: this.#trace,
      dumped: this.#instances.map((instance) => instance.dumped),
    };
  }

  #startInstance(): void {
    const instance = new Instance(this.#started++, this);
    this.note(() => `${instance.process.name} starts`);
    this.#instances.push(instance);
    instance.start().catch((error: Error) => this.failed(`${instance.process.name}: ${error.stack}`));
  }

  #load(): void {
    this.scheduler.after(this.#loadsInMs(), () => {
      const random = this.dice.of('load');
      const [partition, count] = [random.below(this.cluster.inputs().length), 1 + random.below(RECORDS_MAX)];
      const tp = { topic: INPUT, partition };
      const before = this.input.history.length;
      this.cluster.log.append(this.input.batch(tp, count));
      if (this.scheduler.nowMs >= this.#knownMs)
        for (const input of this.input.history.slice(before)) this.#settled.add(recordOf(input));
      const unseen = this.input.unseen(tp);
      if (unseen !== null) this.cluster.appendSkipped(unseen);
      for (const { source } of this.#instances) source.poke();
      if (++this.#batches < BATCHES) this.#load();
    });
  }

  #loadsInMs(): number {
    const usualMs = this.dice.of('load').next() * 15;
    const isLast = this.#batches >= BATCHES - LAST_BATCHES;
    if (!isLast || !COUNTS_CHANGE.some((fault) => this.#plan.faults.has(fault))) return usualMs;
    return usualMs + Math.max(0, this.#knownMs - this.scheduler.nowMs);
  }

  /** From then on everybody knows all counts. */
  get #knownMs(): number {
    return Math.max(this.#countedMs, this.#plan.faultsUntilMs) + KNOWN_MS;
  }

  /** Trouble, again and again, until the time of faults is over. */
  #nemesis(): void {
    const random = this.dice.of('nemesis');
    this.scheduler.after(random.next() * 80, () => {
      if (!this.dice.troubled) return;
      const trouble = TROUBLE.filter(([fault]) => this.dice.on(fault));
      if (trouble.length > 0) {
        const [, act] = trouble[random.below(trouble.length)] as (typeof TROUBLE)[number];
        act(this);
      }
      this.#nemesis();
    });
  }

  /** One of the daemons that live, or undefined when there is none. */
  victim(): Instance | undefined {
    const living = this.#instances.filter(({ process, stopping }) => process.alive && !stopping);
    return living[this.dice.of('victim').below(living.length)];
  }

  join(): void {
    if (this.#instances.filter(({ process }) => process.alive).length < INSTANCES_MAX) this.#startInstance();
  }

  later(what: string, act: () => void): void {
    this.scheduler.after(20 + this.dice.of(what).below(200), act);
  }

  /** The group notices after a while that a member does not answer. */
  expireSession({ source }: Instance): void {
    this.scheduler.after(SESSION_MS, () => this.group.remove(source));
  }

  /** Not often: there must be something to lose. */
  remakeInput(): void {
    if (this.dice.of('remadeTopics').next() < 0.7) return;
    const { incarnation } = this.cluster;
    for (const input of this.input.history)
      if (input.incarnation === incarnation && input.offset >= (this.cluster.committed(input) ?? 0))
        this.#deleted.add(recordOf(input));
    this.cluster.remakeInput();
    for (const { source } of this.#instances) source.poke();
    this.note(() => `the input is deleted and made again: ${this.cluster.incarnation}`);
  }

  /** Once: of a count that was there for less than the age of metadata nobody may ever hear. */
  growInput(): void {
    const count = this.cluster.count(INPUT);
    const hasGrown = this.cluster.inputCounts.length > 1;
    if (hasGrown || count === PARTITIONS_MAX || this.dice.of('inputGrows').next() < 0.5) return;
    this.cluster.growInput(1 + this.dice.of('inputGrows').below(PARTITIONS_MAX - count));
    this.#countedMs = this.scheduler.nowMs;
    this.note(() => `the input has ${this.cluster.count(INPUT)} partitions`);
    // The leader of the group finds out.
    this.scheduler.after(this.dice.of('inputGrows').below(COUNT_MS), () => this.group.rebalance());
  }

  /** For a while there is none of that name. */
  remakeOutput(): void {
    const random = this.dice.of('outputsRemade');
    const topic = random.next() < 0.5 ? DEAD : RESULTS;
    if (random.next() < 0.5 || this.cluster.count(topic) === 0) return;
    this.cluster.log.deleteTopic(topic);
    const count = 1 + random.below(PARTITIONS_MAX);
    this.note(() => `${topic} is deleted`);
    this.scheduler.after(random.below(COUNT_MS), () => {
      this.cluster.log.createTopic(topic, count);
      this.#countedMs = this.scheduler.nowMs;
      this.note(() => `${topic} is there again, with ${count} partitions`);
    });
  }

  deleteOldest(): void {
    const random = this.dice.of('retention');
    const tp = { topic: INPUT, partition: random.below(this.cluster.inputs().length) };
    const log = this.cluster.partition(tp);
    const count = random.below(Math.min(4, log.batches.length));
    const committed = this.cluster.committed(tp) ?? 0;
    const until = log.batches[count]?.header.baseOffset ?? log.logEnd;
    for (const input of this.input.history)
      if (input.partition === tp.partition && input.offset >= committed && input.offset < until)
        this.#deleted.add(recordOf(input));
    this.cluster.deleteOldest(tp, count);
    this.note(() => `retention deletes ${count} batches of ${tp.partition}`);
  }
}

const recordOf = ({
  incarnation,
  partition,
  offset,
}: Pick<(typeof Input.prototype.history)[number], 'incarnation' | 'partition' | 'offset'>): string =>
  `${incarnation} ${partition} ${offset}`;
