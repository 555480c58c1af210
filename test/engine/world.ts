// A small world around the pure engine: a log, several instances in one group, scorers and a sink
// whose answers come when the test says so. `run(choices)` plays one interleaving; every choice
// picks one of the things that may happen next.

import { budgetBytes, laneShareBytes } from '../../src/engine/credits.ts';
import { step, wakeAtMs } from '../../src/engine/dispatcher.ts';
import { heldBytes } from '../../src/engine/lane.ts';
import type { EngineLimits } from '../../src/engine/limits.ts';
import type { Effect, LaneCommit, Message } from '../../src/engine/messages.ts';
import { type EngineState, newEngine } from '../../src/engine/state.ts';
import { type NextOffset, nextAfter, offset, startingAt } from '../../src/log/offset.ts';
import type { FetchedBatch, ResultBatch } from '../../src/log/ports.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import type { LaneAddress } from '../../src/scoring/lane-address.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { NO_OUTCOME } from '../../src/scoring/outcome.ts';
import type { HistoryEvent } from '../guarantees/history.ts';

export const limits: EngineLimits = {
  microBatch: { recordsMax: 6, bytesMax: 600, lingerMs: 5 },
  latencyTargetMs: 0,
  inFlightMax: 3,
  scoringMax: 4,
  budgetBytes: 2_000,
  fetchBytesMax: 300,
  commitIntervalMs: 20,
  retryMs: 10,
  retryMsMax: 100,
  stallAfterMs: 100_000,
  producesTogether: false,
  flood: { share: 1, recordsMin: 1_000 },
};

const TOPIC = 'in';
const PARTITIONS = 4;
const BATCHES = 12;
const REVOKE_MS = 40;

interface Task {
  readonly instance: Instance;
  readonly microBatch: MicroBatch;
}

interface Produce {
  readonly instance: Instance;
  readonly lane: LaneAddress;
  readonly id: number;
  readonly outputs: readonly ResultBatch[];
}

interface Commit {
  readonly instance: Instance;
  readonly generation: number;
  readonly commits: readonly LaneCommit[];
}

interface Reading {
  position: NextOffset;
  paused: boolean;
}

interface Instance {
  readonly name: number;
  readonly engine: EngineState;
  readonly reading: Map<string, Reading & TopicPartition>;
  /** The last epoch of each lane that the history knows of. */
  readonly epochs: Map<string, number>;
  /**
   * joined: has an assignment. settling: asked to settle. waiting: settled, or fallen out of the
   * group.
   */
  phase: 'joined' | 'settling' | 'waiting' | 'stopping' | 'gone';
}

/** What may go wrong: each turns one kind of trouble on. */
export interface Troubles {
  readonly produceFails: boolean;
  readonly scoreFails: boolean;
  readonly rebalances: boolean;
  readonly losses: boolean;
  /**
   * Fetches that come from below or beyond what the lane expects, as after a seek that came too
   * late.
   */
  readonly strayFetches: boolean;
  /** Whether deadlines of settling and draining pass before the work is done. */
  readonly deadlinesPass: boolean;
}

export class World {
  readonly history: HistoryEvent[] = [];
  readonly #log = new Map<string, FetchedBatch[]>();
  readonly #committed = new Map<string, NextOffset>();
  readonly #troubles: Troubles;
  #instances: Instance[] = [];
  #scoring: Task[] = [];
  #producing: Produce[] = [];
  #committing: Commit[] = [];
  readonly #appended = new Set<string>();
  #generation = 0;
  #rebalanceWanted = true;
  #now = 1;
  #names = 0;

  constructor(troubles: Troubles, shape: readonly number[]) {
    this.#troubles = troubles;
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const tp = { topic: TOPIC, partition };
      const batches: FetchedBatch[] = [];
      let next = 0;
      for (let index = 0; index < BATCHES; index++) {
        const pick = shape[(partition * BATCHES + index) % Math.max(1, shape.length)] ?? 3;
        const recordCount = 1 + (pick % 5);
        const skip = pick % 11 === 10;
        const lastOffset = offset(next + recordCount - 1);
        for (let each = next; each <= lastOffset; each++) {
          this.history.push({ type: 'input', offset: each, absent: skip, ...tp });
        }
        batches.push(stubBatch(next, recordCount, skip, 40 + (pick % 250)));
        next = lastOffset + 1;
      }
      this.#log.set(keyOf(tp), batches);
    }
    this.#join();
    this.#join();
  }

  /** Plays the choices, then lets everything come to its end without further trouble. */
  run(choices: readonly number[]): void {
    for (const choice of choices) {
      const actions = this.#actions(true);
      (actions[choice % actions.length] as () => void)();
    }
    this.#finish();
  }

  #finish(): void {
    this.#rebalanceWanted = true;
    if (!this.#instances.some(({ phase }) => phase !== 'gone' && phase !== 'stopping')) this.#join();
    for (let rounds = 0; rounds < 20_000 && !this.#done(); rounds++) {
      const actions = this.#actions(false);
      for (const action of actions) action();
    }
    for (const tp of this.#partitions()) {
      const committed = this.#committed.get(keyOf(tp)) ?? 0;
      this.history.push({ type: 'ended-run', logEnd: this.#logEnd(tp), committed, ready: true, ...tp });
    }
  }

  #done(): boolean {
    return (
      this.#partitions().every((tp) => this.#committed.get(keyOf(tp)) === this.#logEnd(tp)) &&
      this.#producing.length === 0
    );
  }

  #partitions(): TopicPartition[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: TOPIC, partition }));
  }

  #logEnd(tp: TopicPartition): number {
    return this.#log.get(keyOf(tp))?.at(-1)?.header.next ?? 0;
  }

  #join(): void {
    this.#instances.push({
      name: this.#names++,
      engine: newEngine(limits),
      reading: new Map(),
      epochs: new Map(),
      phase: 'waiting',
    });
    this.#rebalanceWanted = true;
  }

  /** All that may happen next. With `trouble` false only what leads to the end. */
  #actions(trouble: boolean): (() => void)[] {
    const actions: (() => void)[] = [];
    const { produceFails, scoreFails, rebalances, losses, strayFetches } = this.#troubles;
    for (const instance of this.#instances) {
      if (instance.phase === 'gone') continue;
      for (const reading of instance.reading.values()) {
        if (!reading.paused) actions.push(() => this.#fetch(instance, reading, 1));
        if (!reading.paused) actions.push(() => this.#fetch(instance, reading, 3));
        if (trouble && strayFetches && !reading.paused) {
          actions.push(() => this.#strayFetch(instance, reading, -2));
          actions.push(() => this.#strayFetch(instance, reading, 2));
        }
      }
      if (trouble && losses && instance.phase === 'joined') actions.push(() => this.#lose(instance));
      if (trouble && losses) actions.push(() => this.#crash(instance));
      if (trouble && rebalances && instance.phase === 'joined') {
        actions.push(() => {
          instance.phase = 'stopping';
          this.#tell(instance, { type: 'stop', deadlineMs: this.#deadlineMs() });
        });
      }
    }
    this.#scoring.forEach((task) => {
      actions.push(() => this.#score(task, false));
      if (trouble && scoreFails && task.microBatch.id % 5 === 0) actions.push(() => this.#score(task, true));
    });
    this.#producing.forEach((produce) => {
      actions.push(() => this.#produce(produce, 'acknowledged'));
      if (trouble && produceFails) {
        actions.push(() => this.#produce(produce, 'failed'));
        actions.push(() => this.#produce(produce, 'timed out after it succeeded'));
      }
    });
    this.#committing.forEach((commit) => {
      actions.push(() => this.#commit(commit, true));
      if (trouble && produceFails) actions.push(() => this.#commit(commit, false));
    });
    if (trouble && rebalances) {
      actions.push(() => {
        this.#rebalanceWanted = true;
      });
      if (this.#instances.filter(({ phase }) => phase !== 'gone').length < 3)
        actions.push(() => this.#join());
    }
    actions.push(() => this.#passTime());
    actions.push(() => this.#rebalance());
    return actions;
  }

  #tell(instance: Instance, message: Message): void {
    if (instance.phase === 'gone') return;
    const effects = step(instance.engine, message, this.#now);
    this.#noteNewEpochs(instance);
    for (const effect of effects) this.#carryOut(instance, effect);
    let held = 0;
    for (const lane of instance.engine.lanes.values()) held += heldBytes(lane);
    this.history.push({ type: 'held', bytes: held, budgetBytes: budgetBytes(instance.engine) });
  }

  /** A lane that began, or began again after a failure, has a new epoch. */
  #noteNewEpochs(instance: Instance): void {
    for (const { key, epoch, ledger, topic, partition } of instance.engine.lanes.values()) {
      if (instance.epochs.get(key) === epoch) continue;
      instance.epochs.set(key, epoch);
      const position = ledger.committable;
      this.history.push({ type: 'owned', epoch: uniqueEpoch(instance, epoch), position, topic, partition });
    }
  }

  #carryOut(instance: Instance, effect: Effect): void {
    switch (effect.type) {
      case 'pause':
      case 'resume': {
        const reading = instance.reading.get(keyOf(effect.partition));
        if (reading !== undefined) reading.paused = effect.type === 'pause';
        this.#notePause(instance, effect);
        return;
      }
      case 'seek': {
        const reading = instance.reading.get(keyOf(effect.partition));
        if (reading !== undefined) reading.position = effect.position;
        return;
      }
      case 'score':
        for (const { microBatch } of effect.task) this.#scoring.push({ instance, microBatch });
        return;
      case 'produce':
        this.#producing.push({ instance, lane: effect.lane, id: effect.id, outputs: effect.outcome.outputs });
        return;
      case 'commit':
        this.#committing.push({ instance, generation: this.#generation, commits: effect.commits });
        return;
      case 'settled':
        if (instance.phase === 'settling') instance.phase = 'waiting';
        return;
      case 'drained':
        this.#leave(instance);
        return;
      case 'askLogEnds':
      case 'stalled':
      case 'gaveUp':
      case 'abandoned':
      case 'trouble':
      case 'recovered':
        return;
    }
  }

  /**
   * Records a pause for the checker of isolation between lanes, unless another lane is still above
   * a share that shrank.
   */
  #notePause(instance: Instance, effect: Extract<Effect, { type: 'pause' | 'resume' }>): void {
    if (effect.type === 'resume') return;
    const { engine } = instance;
    const lane = engine.lanes.get(keyOf(effect.partition));
    const share = laneShareBytes(engine);
    const shrunk = [...engine.lanes.values()].some((other) => heldBytes(other) > share);
    if (lane === undefined || lane.phase === 'halted' || engine.stopping !== undefined || shrunk) return;
    this.history.push({
      type: 'paused',
      ownHeldBytes: heldBytes(lane),
      shareBytes: share,
      topic: lane.topic,
      partition: lane.partition,
    });
  }

  /** Moves the source some batches away from where it should read, and fetches there. */
  #strayFetch(instance: Instance, reading: Reading & TopicPartition, away: number): void {
    const batches = this.#log.get(keyOf(reading)) ?? [];
    const at = batches.findIndex(({ header }) => header.next > reading.position) + away;
    const batch = batches[at];
    if (batch === undefined) return;
    reading.position = startingAt(batch.header.baseOffset);
    this.#fetch(instance, reading, 3);
  }

  #fetch(instance: Instance, reading: Reading & TopicPartition, count: number): void {
    const key = keyOf(reading);
    if (instance.reading.get(key) !== reading || reading.paused) return;
    const found = (this.#log.get(key) ?? []).filter(({ header }) => header.next > reading.position);
    const batches: FetchedBatch[] = [];
    let bytes = 0;
    for (const batch of found.slice(0, count)) {
      bytes += batch.bytes.byteLength;
      if (batches.length > 0 && bytes > limits.fetchBytesMax) break;
      batches.push(batch);
    }
    const last = batches.at(-1);
    if (last === undefined) return;
    const from = reading.position;
    reading.position = last.header.next;
    const { topic, partition } = reading;
    this.#tell(instance, {
      type: 'fetched',
      fetched: { topic, partition, from, batches, highWatermark: this.#logEnd(reading) },
    });
  }

  #score(task: Task, fails: boolean): void {
    const { instance, microBatch } = task;
    if (!this.#scoring.includes(task)) return;
    this.#scoring = this.#scoring.filter((other) => other !== task);
    const { topic, partition, epoch, id } = microBatch;
    const lane = { topic, partition, epoch };
    if (fails) {
      const failure = { code: 'TEST', message: 'damaged' };
      this.#tell(instance, { type: 'scoreFailed', lane, id, failure });
    } else {
      this.#tell(instance, { type: 'scored', lane, id, outcome: scoredStub(microBatch) });
    }
  }

  #produce(produce: Produce, how: 'acknowledged' | 'failed' | 'timed out after it succeeded'): void {
    const { instance, lane, id } = produce;
    if (!this.#producing.includes(produce)) return;
    this.#producing = this.#producing.filter((other) => other !== produce);
    if (how !== 'failed') this.#append(produce);
    if (how === 'acknowledged') {
      this.#tell(instance, { type: 'produced', lane, id });
      return;
    }
    const failure = { code: 'TEST', message: how };
    this.#tell(instance, {
      type: 'produceFailed',
      lane,
      id,
      failure,
      retriable: id % 2 === 0,
      isAstray: id % 5 === 0,
    });
  }

  /** Appends once, like a broker that knows the producer's sequence numbers. */
  #append({ instance, lane, id, outputs }: Produce): void {
    const sequence = `${instance.name} ${lane.epoch} ${id}`;
    if (this.#appended.has(sequence)) return;
    this.#appended.add(sequence);
    const epoch = uniqueEpoch(instance, lane.epoch);
    for (const output of outputs) {
      for (const each of offsetsIn(output)) {
        const { topic, partition } = lane;
        this.history.push({
          type: 'appended',
          epoch,
          offset: each,
          kind: 'result',
          value: `${each}`,
          topic,
          partition,
        });
      }
    }
  }

  #commit(commit: Commit, succeeds: boolean): void {
    const { instance, generation, commits } = commit;
    if (!this.#committing.includes(commit)) return;
    this.#committing = this.#committing.filter((other) => other !== commit);
    const fenced = generation !== this.#generation || instance.phase === 'gone';
    if (!succeeds || fenced) {
      this.#tell(instance, { type: 'commitFailed', commits, failure: { code: 'TEST', message: 'fenced' } });
      return;
    }
    for (const { next, epoch, ...tp } of commits) {
      this.#committed.set(keyOf(tp), next);
      const { topic, partition } = tp;
      this.history.push({ type: 'committed', epoch: uniqueEpoch(instance, epoch), next, topic, partition });
    }
    this.#tell(instance, { type: 'committed', commits });
  }

  #deadlineMs(): number {
    return this.#troubles.deadlinesPass ? this.#now + REVOKE_MS : Number.POSITIVE_INFINITY;
  }

  #passTime(): void {
    this.#now += 5;
    for (const instance of this.#instances) {
      if (wakeAtMs(instance.engine) <= this.#now) this.#tell(instance, { type: 'tick' });
    }
  }

  #ended(
    instance: Instance,
    why: 'revoked' | 'lost' | 'crashed',
    partitions: readonly TopicPartition[],
  ): void {
    for (const { topic, partition } of partitions) {
      const lane = instance.engine.lanes.get(keyOf({ topic, partition }));
      if (lane === undefined) continue;
      this.history.push({ type: 'ended', epoch: uniqueEpoch(instance, lane.epoch), why, topic, partition });
    }
  }

  /** The session expires: the group goes on without this instance, which learns it afterwards. */
  #lose(instance: Instance): void {
    const partitions = [...instance.reading.values()];
    this.#ended(instance, 'lost', partitions);
    instance.reading.clear();
    instance.phase = 'waiting';
    this.#generation++;
    this.#tell(instance, { type: 'lost', partitions });
    this.#rebalanceWanted = true;
  }

  #crash(instance: Instance): void {
    this.#ended(instance, 'crashed', [...instance.reading.values()]);
    instance.phase = 'gone';
    instance.reading.clear();
    this.#scoring = this.#scoring.filter((task) => task.instance !== instance);
    this.#generation++;
    this.#join();
  }

  #leave(instance: Instance): void {
    this.#ended(instance, 'revoked', [...instance.reading.values()]);
    instance.reading.clear();
    instance.phase = 'gone';
    this.#generation++;
    this.#rebalanceWanted = true;
  }

  /**
   * Eager, like Kafka's classic protocol: all settle, then all get their new partitions, most of
   * which stay.
   */
  #rebalance(): void {
    const members = this.#instances.filter(({ phase }) => phase !== 'gone' && phase !== 'stopping');
    if (this.#rebalanceWanted) {
      for (const instance of members.filter(({ phase }) => phase === 'joined')) {
        instance.phase = 'settling';
        const partitions = [...instance.reading.values()];
        this.#tell(instance, { type: 'revoking', partitions, deadlineMs: this.#deadlineMs() });
      }
      this.#rebalanceWanted = false;
    }
    const stopping = this.#instances.some(({ phase }) => phase === 'stopping');
    if (stopping || members.length === 0 || members.some(({ phase }) => phase !== 'waiting')) return;
    this.#generation++;
    const targets = new Map<string, Instance>();
    this.#partitions().forEach((tp, index) => {
      const keeper = members.find(({ reading }) => reading.has(keyOf(tp)));
      const moves = (this.#generation + index) % 3 === 0;
      targets.set(
        keyOf(tp),
        keeper !== undefined && !moves ? keeper : (members[index % members.length] as Instance),
      );
    });
    const givenAway = new Map<Instance, TopicPartition[]>();
    for (const instance of members) {
      const away = [...instance.reading.values()].filter((tp) => targets.get(keyOf(tp)) !== instance);
      this.#ended(instance, 'revoked', away);
      givenAway.set(instance, away);
    }
    for (const instance of members) {
      const away = givenAway.get(instance) ?? [];
      for (const tp of away) instance.reading.delete(keyOf(tp));
      if (away.length > 0) this.#tell(instance, { type: 'revoked', partitions: away });
      const partitions = this.#partitions()
        .filter((tp) => targets.get(keyOf(tp)) === instance)
        .map((tp) => ({ ...tp, position: this.#committed.get(keyOf(tp)) ?? startingAt(0) }));
      for (const { topic, partition, position } of partitions) {
        instance.reading.set(keyOf({ topic, partition }), { topic, partition, position, paused: false });
      }
      instance.phase = 'joined';
      this.#tell(instance, { type: 'assigned', partitions });
    }
  }
}

/**
 * Epochs are numbered by each instance for itself; in a history they must differ between instances
 * too.
 */
const uniqueEpoch = (instance: { readonly name: number }, epoch: number): number =>
  instance.name * 100_000 + epoch;

function stubBatch(first: number, recordCount: number, skip: boolean, byteLength: number): FetchedBatch {
  const lastOffset = offset(first + recordCount - 1);
  return {
    skip,
    bytes: new Uint8Array(byteLength),
    header: {
      baseOffset: offset(first),
      lastOffset,
      next: nextAfter(lastOffset),
      byteLength,
      crc: 0,
      compression: 0,
      logAppendTime: false,
      transactional: false,
      control: skip,
      baseTimestamp: 0,
      maxTimestamp: 0,
      producerId: -1,
      recordCount,
    },
  };
}

/** A scorer's answer whose one output names the offsets it holds results for. */
function scoredStub(microBatch: MicroBatch): Outcome {
  const offsets = microBatch.batches.flatMap(({ header }) => {
    const first = Math.max(header.baseOffset, microBatch.first);
    return Array.from({ length: header.next - first }, (_, index) => first + index);
  });
  const bytes = new Uint8Array(new Float64Array(offsets).buffer);
  return {
    ...NO_OUTCOME,
    outputs: [{ topic: 'out', partition: microBatch.partition, bytes, recordCount: offsets.length }],
    scored: offsets.length,
  };
}

const offsetsIn = ({ bytes }: ResultBatch): Float64Array => new Float64Array(bytes.buffer);
