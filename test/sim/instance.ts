// One daemon of the simulated world: the real driver, the real pool, the real Kafka sink, on ports
// of this world.

import type { StateDump } from '../../src/daemon/dump-text.ts';
import { budgetBytes, laneShareBytes } from '../../src/engine/credits.ts';
import { Driver } from '../../src/engine/driver.ts';
import { heldBytes, takesMail } from '../../src/engine/lane.ts';
import type { EngineLimits } from '../../src/engine/limits.ts';
import type { Effect } from '../../src/engine/messages.ts';
import { saveEngine } from '../../src/engine/saved-state.ts';
import { KafkaSink } from '../../src/kafka/sink.ts';
import { beginningBefore, type OffsetAt } from '../../src/log/offset-before.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import { FreeThreads } from '../../src/pool/free-threads.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { PartitionCounter } from '../../src/pool/partition-counter.ts';
import { StatefulPool } from '../../src/pool/stateful-pool.ts';
import { StatelessPool } from '../../src/pool/stateless-pool.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import type { PartitionCounts } from '../../src/worker-protocol/messages.ts';
import { askNowAndThen } from './asking.ts';
import { type Cluster, DEAD, INPUT, RESULTS, ROUTED } from './cluster.ts';
import type { Input } from './input.ts';
import { watchPace } from './pace-watch.ts';
import { printEffect } from './print-effect.ts';
import { SimProcess } from './process.ts';
import { type ProducerWorld, simKafka } from './producer.ts';
import { type PlanName, REACH, type SimDisk } from './sim-model.ts';
import { SimSource, type SourceWorld } from './source.ts';
import { setupOf } from './thread-life.ts';
import { SimThread } from './threads.ts';
import { deploymentOf, SimVersions, strangersIn } from './versions.ts';

export const LIMITS: EngineLimits = {
  microBatch: { recordsMax: 6, bytesMax: 1_200, lingerMs: 5 },
  latencyTargetMs: 30,
  inFlightMax: 3,
  scoringMax: 4,
  budgetBytes: 5_000,
  fetchBytesMax: 600,
  commitIntervalMs: 20,
  retryMs: 10,
  retryMsMax: 100,
  stallAfterMs: 6_000,
  producesTogether: false,
  flood: { share: 1, recordsMin: 1_000 },
};
const REVOKE_MS = 60;
const STOP_MS = 150;
/** Few: so that a state in the middle of a run is gone on from. */
const MESSAGES_KEPT = 40;
const SNAPSHOT_MS = 30;
const HURRY = 50;
/** How old counts of partitions may be. */
export const COUNT_MS = 60;

export interface InstanceWorld extends ProducerWorld, SourceWorld {
  /** Bytes of one result batch, made during that ownership. */
  made(bytes: Uint8Array, epoch: number): void;
  failed(words: string): void;
  readonly input: Pick<Input, 'skippedIn'>;
  /** Where snapshots go; null where the model has no windows. */
  readonly disk: SimDisk | null;
  /** The plan of a version of the model; undefined where it has no windows. */
  readonly planOf: (version: string) => PlanName | undefined;
  /** Lanes showed no sign of life. */
  stalled(words: string): void;
}

/** A topic that is not there just now may have any. */
const countsIn = (cluster: Cluster): PartitionCounts => ({
  input: cluster.count(INPUT),
  results: Math.max(1, cluster.count(RESULTS)),
  deadLetters: Math.max(1, cluster.count(DEAD)),
  routes: { [ROUTED]: cluster.count(ROUTED) },
});

export class Instance {
  readonly process: SimProcess;
  readonly source: SimSource;
  readonly #world: InstanceWorld;
  readonly #driver: Driver;
  readonly #sink: KafkaSink;
  readonly #counter: PartitionCounter;
  readonly #pool: StatelessPool | StatefulPool;
  readonly #versions: SimVersions;
  readonly #epochs = new Map<string, number>();
  #heldMax = 0;
  stopping = false;

  constructor(number: number, world: InstanceWorld) {
    this.#world = world;
    this.process = new SimProcess(number, world.scheduler);
    const { process } = this;
    this.source = new SimSource(process, world);
    watchPace(this.source, process, world.cluster.history, () => this.#driver.state);
    this.#sink = new KafkaSink(simKafka(process, world), {
      'enable.idempotence': true,
      'request.timeout.ms': 1_000,
    } as never);
    const topics = { input: INPUT, results: RESULTS, deadLetters: DEAD };
    this.#counter = new PartitionCounter(
      {
        sink: this.#sink,
        topics,
        routes: [ROUTED],
        onChanged: (_, now) => world.note(() => `${process.name} counts ${JSON.stringify(now)}`),
        onUnknown: (error) => world.note(() => `${process.name} cannot count: ${error.message}`),
      },
      countsIn(world.cluster),
    );
    this.#pool = this.#newPool();
    this.#driver = new Driver({
      source: this.source,
      sink: this.#sink,
      scorer: this.#pool,
      counter: this.#counter,
      clock: process.clock,
      limits: { ...LIMITS, producesTogether: world.dice.of('together').next() < 0.5 },
      revokeTimeoutMs: REVOKE_MS,
      messagesKept: MESSAGES_KEPT,
      observer: {
        scored: (microBatch, { outputs, skipped }) => {
          const { epoch, first, next } = microBatch;
          const wanted = world.input.skippedIn(microBatch);
          // What retention has deleted was never read.
          if (skipped !== wanted && !world.dice.has('retention'))
            world.failed(`${process.name}: ${skipped} of ${wanted} counted as skipped, ${first} to ${next}`);
          this.#isOf(microBatch.deployment, outputs);
          for (const { bytes } of outputs) world.made(bytes, this.process.uniqueEpoch(epoch));
        },
        produced: (_, { deadLetters, deadLetterCodes: codes }) => {
          const counted = Object.values(codes).reduce((sum, count) => sum + count, 0);
          if (counted !== deadLetters)
            world.failed(`${process.name}: ${deadLetters} dead letters have codes ${JSON.stringify(codes)}`);
        },
        mended: ({ epoch }, { outputs }) => {
          for (const { bytes } of outputs) world.made(bytes, this.process.uniqueEpoch(epoch));
        },
        effect: (effect) => this.#effect(effect),
      },
      onFatal: (error) => world.failed(`${process.name}: the engine died: ${error.stack}`),
    });
    this.#versions = new SimVersions({
      ...{ process, pool: this.#pool, driver: this.#driver, history: world.cluster.history },
      ...{ dice: world.dice, setup: setupOf(world.dice), planOf: world.planOf },
      note: (words) => world.note(words),
      failed: (words) => world.failed(words),
    });
  }

  #newPool(): StatelessPool | StatefulPool {
    const { process, source } = this;
    const { dice, disk, scheduler, note, planOf } = this.#world;
    const struckBelow = new Map<number, number>();
    const deployment = deploymentOf('1', setupOf(dice), planOf('1'));
    const hosts = [0, 1].map(
      () =>
        new ModelHost(new SimThread(process, this.#world, struckBelow), {
          onThreadLost: (why: string) => {
            this.#driver.scoring();
            note.call(this.#world, () => `${process.name} thread lost: ${why}`);
          },
        }),
    );
    const { nowMs } = process.clock;
    const options = {
      hosts,
      deployment,
      turns: new FreeThreads(hosts, nowMs).turns(),
      counts: this.#counter,
      onThreadRetired: () => {},
    };
    if (disk === null) return new StatelessPool(options);
    return new StatefulPool({
      snapshots: disk,
      prepared: disk.beside(process.name),
      snapshotIntervalMs: SNAPSHOT_MS * HURRY,
      beginningOf: (lane, position, tooLate, plan) => {
        const offsetAt: OffsetAt = (timestampMs) => source.offsetAt(lane, timestampMs);
        const { [plan as PlanName]: reach } = REACH;
        return beginningBefore(position, reach, scheduler.nowMs, offsetAt, tooLate);
      },
      // Lanes move more often than they would.
      nowMs: () => nowMs() * HURRY,
      onState: (_, words) => note.call(this.#world, () => `${process.name} ${words}`),
      ...options,
    });
  }

  async start(): Promise<void> {
    await this.#sink.start();
    await this.#pool.start();
    await this.#driver.start();
    this.#count();
    this.#versions.comeAndGo();
    if (this.#pool instanceof StatefulPool)
      askNowAndThen(this.process, this.#world.dice, this.#pool, this.#driver);
  }

  #count(): void {
    this.process.after(COUNT_MS, () => {
      void this.#counter.ask();
      this.#count();
    });
  }

  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    // While a process is frozen its own timers wait too: two of them, one after the other, leave it
    // time to end.
    const { process } = this;
    process.after(STOP_MS, () =>
      process.after(1, () => this.#world.failed(`${process.name} did not stop within ${STOP_MS} ms`)),
    );
    await this.#driver.stop(STOP_MS);
    this.kill();
  }

  kill(): void {
    this.process.kill();
  }

  /** Lanes that began since the last look, and how much is held, for the checkers. */
  observe(): void {
    if (!this.process.alive) return;
    const { history } = this.#world.cluster;
    let held = 0;
    for (const lane of this.#driver.state.lanes.values()) {
      held += heldBytes(lane);
      if (this.#epochs.get(lane.key) === lane.epoch) continue;
      this.#epochs.set(lane.key, lane.epoch);
      const { topic, partition, ledger, epoch, incarnation } = lane;
      history.push({
        type: 'owned',
        epoch: this.process.uniqueEpoch(epoch),
        position: ledger.committable,
        logEnd: this.#world.cluster.inputLogs.get(incarnation ?? '')?.[partition]?.logEnd,
        topic,
        partition,
        incarnation,
      });
      this.#world.note(
        () => `${this.process.name} lane ${partition} epoch ${epoch} begins at ${ledger.committable}`,
      );
    }
    if (held <= this.#heldMax) return;
    this.#heldMax = held;
    history.push({ type: 'held', bytes: held, budgetBytes: budgetBytes(this.#driver.state) });
  }

  /** What a dump would hold of its engine. */
  get dumped(): StateDump['engine'] {
    return { state: saveEngine(this.#driver.state), parts: this.#driver.recorded };
  }

  /** What the engine says of itself, for a trace. */
  describe(): string {
    const lanes = [...this.#driver.state.lanes.values()].map(
      (lane) =>
        `${lane.partition}: ${lane.phase} at ${lane.position}, committable ${lane.ledger.committable}, committed ` +
        `${lane.ledger.committed}, ${lane.ledger.inFlight} in flight, ${lane.mailbox.length} waiting`,
    );
    return `${this.process.name}${this.process.alive ? '' : ' (gone)'} ${lanes.join('; ')}`;
  }

  /** What was scored for one version, and what is produced as one, has no result of another. */
  #isOf(deployment: string | undefined, outputs: Outcome['outputs']): void {
    const { dice, failed } = this.#world;
    if (!dice.has('versions')) return;
    const strangers = strangersIn(outputs, deployment);
    if (strangers.length > 0)
      failed.call(
        this.#world,
        `${this.process.name}: a micro-batch of ${deployment} has results of ${strangers.join()}`,
      );
  }

  #effect(effect: Effect): void {
    const { process } = this;
    if (effect.type === 'pause') this.#notePause(effect.partition);
    if (effect.type === 'produce') this.#isOf(effect.deployment, effect.outcome.outputs);
    if (effect.type === 'trouble' && this.#versions.tookAway(effect.failure))
      this.#world.failed(`${process.name}: ${effect.failure.message}, and a lane needs it`);
    if (effect.type === 'stalled') this.#world.stalled(`${process.name}: ${effect.lanes.join('; ')}`);
    this.#world.note(() => `${process.name} ${printEffect(effect)}`);
  }

  /**
   * A pause, for the checker of isolation between lanes, unless another lane is still above a share
   * that shrank.
   */
  #notePause(partition: TopicPartition): void {
    const { state } = this.#driver;
    const lane = state.lanes.get(keyOf(partition));
    const shareBytes = laneShareBytes(state);
    const shrunk = [...state.lanes.values()].some((other) => heldBytes(other) > shareBytes);
    // A pause that the same step takes back again is none.
    if (lane === undefined || !lane.paused || !takesMail(lane) || state.stopping !== undefined || shrunk)
      return;
    this.#world.cluster.history.push({
      type: 'paused',
      ownHeldBytes: heldBytes(lane),
      shareBytes,
      topic: lane.topic,
      partition: lane.partition,
    });
  }
}
