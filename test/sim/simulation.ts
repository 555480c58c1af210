// One run: several daemons, one cluster, load, and trouble drawn from a seed. Then the trouble ends, everything must come
// to its end within a bound, and the checkers read the whole history.

import { keyOf } from '../../src/log/topic-partition.ts';
import * as checkers from '../guarantees/checkers.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { Cluster, DEAD, INPUT, PARTITIONS, RESULTS } from './cluster.ts';
import { Dice, type Fault, isCalm, type Plan } from './faults.ts';
import { SimGroup } from './group.ts';
import { Input } from './input.ts';
import { Instance, type InstanceWorld } from './instance.ts';
import { UNKNOWN_EPOCH } from './producer.ts';
import { Scheduler } from './scheduler.ts';
import { disturbed, SimDisk } from './sim-model.ts';
import { misjudged } from './skips.ts';
import { SESSION_MS } from './source.ts';

/**
 * Virtual time in which everything must be scored and committed once nothing fails any more: as many daemons as there may
 * be have to find out, one after the other, that they have stalled.
 */
const BOUND_MS = 40_000;
/** In a calm run it must be that soon: nothing waits for a timer that is there for other reasons. */
const CALM_BOUND_MS = 800;
const MAY_STALL: readonly Fault[] = ['stalls', 'coordinatorLoss', 'pauses'];
const BATCHES = 90;
const RECORDS_MAX = 6;
const INSTANCES_MAX = 4;

export interface Outcome {
  readonly violations: readonly string[];
  readonly records: number;
  readonly events: number;
  readonly history: readonly HistoryEvent[];
  readonly trace: readonly string[];
}

export async function simulate(plan: Plan, options: { readonly trace: boolean }): Promise<Outcome> {
  const simulation = new Simulation(plan, options.trace);
  return simulation.run();
}

class Simulation implements InstanceWorld {
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
  readonly input: Input;
  #instances: Instance[] = [];
  #started = 0;
  #batches = 0;
  #events = 0;
  #loadEndedMs = 0;

  constructor(plan: Plan, traces: boolean) {
    this.#plan = plan;
    this.#traces = traces;
    this.dice = new Dice(plan);
    this.input = new Input(this.cluster, this.dice, this.scheduler, plan);
    this.cluster.smallTopics = plan.faults.has('smallTopics');
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
      badRecordsCostOnlyThemselves: checkers.badRecordsCostOnlyThemselves,
      ...(isCalm(this.#plan) ? { nothingIsRepeated: checkers.nothingIsRepeated } : {}),
    });
    if (this.#plan.windows) found.push(...disturbed(cluster));
    if (this.dice.has('skips')) found.push(...misjudged(cluster, this.input.history));
    if (found.length > 0) for (const instance of this.#instances) this.note(() => instance.describe());
    return {
      violations: [...this.#failures, ...found],
      records: inputs.length,
      events: this.#events,
      history,
      trace: this.#trace,
    };
  }

  #startInstance(): void {
    const instance = new Instance(this.#started++, this);
    this.note(() => `${instance.process.name} starts`);
    this.#instances.push(instance);
    instance.start().catch((error: Error) => this.failed(`${instance.process.name}: ${error.stack}`));
  }

  #load(): void {
    this.scheduler.after(this.dice.of('load').next() * 15, () => {
      const random = this.dice.of('load');
      const [partition, count] = [random.below(this.cluster.inputs().length), 1 + random.below(RECORDS_MAX)];
      const tp = { topic: INPUT, partition };
      this.cluster.log.append(this.input.batch(tp, count));
      const unseen = this.input.unseen(tp);
      if (unseen !== null) this.cluster.appendSkipped(unseen);
      for (const { source } of this.#instances) source.poke();
      if (++this.#batches < BATCHES) this.#load();
    });
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

const recordOf = ({ incarnation, partition, offset }: (typeof Input.prototype.history)[number]): string =>
  `${incarnation} ${partition} ${offset}`;

/** What the nemesis does, for each kind of trouble that it may make. */
const TROUBLE: readonly (readonly [Parameters<Dice['on']>[0], (world: Simulation) => void])[] = [
  ['rebalances', (world) => world.group.rebalance()],
  ['joins', (world) => world.join()],
  [
    'stops',
    (world) => {
      const victim = world.victim();
      world.note(() => `${victim?.process.name} is told to stop`);
      void victim?.stop();
      world.later('stops', () => world.join());
    },
  ],
  [
    'kills',
    (world) => {
      const victim = world.victim();
      if (victim === undefined) return;
      world.note(() => `${victim.process.name} is killed`);
      victim.kill();
      world.expireSession(victim);
      world.later('kills', () => world.join());
    },
  ],
  [
    'pauses',
    (world) => {
      const victim = world.victim();
      if (victim === undefined) return;
      const { process } = victim;
      world.note(() => `${process.name} is stopped for a while`);
      process.freeze();
      const forMs = world.dice.of('pauses').below(400);
      if (forMs > SESSION_MS) world.expireSession(victim);
      world.scheduler.after(forMs, () => {
        world.note(() => `${process.name} runs again`);
        process.thaw();
      });
    },
  ],
  [
    'expiries',
    (world) => {
      const victim = world.victim();
      if (victim === undefined) return;
      world.note(() => `the session of ${victim.process.name} expires`);
      world.group.remove(victim.source);
    },
  ],
  [
    'coordinatorLoss',
    (world) => {
      world.note(() => 'the coordinator goes away');
      world.group.coordinatorIsThere = false;
      world.later('coordinatorLoss', () => world.group.coordinatorIsBack());
    },
  ],
  [
    'topicsRefuse',
    (world) => {
      const random = world.dice.of('topicsRefuse');
      const topic = random.next() < 0.5 ? DEAD : RESULTS;
      const all = random.next() < 0.3;
      const what = all ? topic : keyOf({ topic, partition: random.below(PARTITIONS) });
      world.note(() => `${what} refuses everything for a while`);
      world.refusing.add(what);
      world.later('topicsRefuse', () => world.refusing.delete(what));
    },
  ],
  ['clockJumps', (world) => world.victim()?.process.jump(world.dice.of('clockJumps').below(5_000))],
  [
    'stalls',
    (world) => {
      const victim = world.victim();
      world.note(() => `${victim?.process.name} fetches nothing any more`);
      victim?.source.stick();
    },
  ],
  ['retention', (world) => world.deleteOldest()],
  ['remadeTopics', (world) => world.remakeInput()],
];
