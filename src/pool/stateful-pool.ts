// The pool behind the engine's Scorer port for a model that keeps a state for each lane. Every lane
// stays on one thread, and its micro-batches reach it in order. Where the thread is lost the state
// is lost: the engine is told so, and has the lane built up again, from a snapshot or from the log.

import { BufferPool } from '../base/buffer-pool.ts';
import type { NextOffset } from '../log/offset.ts';
import type { CommitOffset, Refusal, ResultBatch } from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import { merge } from '../scoring/merge.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { StatefulScorer } from '../scoring/ports.ts';
import { StateLostError } from '../worker-protocol/messages.ts';
import { askForState } from './ask-for-state.ts';
import { type BeginningOptions, Beginnings, latestIn } from './beginnings.ts';
import { type DeploymentOptions, JobDeployment } from './job-deployment.ts';
import { endState, forgetState, keepState } from './keep-state.ts';
import { LanePlacement, type Move } from './lane-placement.ts';
import { moveState } from './move-state.ts';
import { type Counted, lookAgain, placedNow } from './placed.ts';
import type { PreparedStates } from './prepared-states.ts';
import type { RequestPool } from './request-pool.ts';
import { Slices } from './slices.ts';
import type { SnapshotOptions } from './snapshot-schedule.ts';
import { type LanePlace, newStatefulLane, type StatefulLane } from './stateful-lane.ts';
import { asGiven, cut, type Piece, plain, Suspects } from './suspects.ts';
import { failureTeller } from './tell-failure.ts';
import { type AskingOptions, type StateThread, WorkerClient, workerLost } from './worker-client.ts';

export interface StatefulPoolOptions
  extends AskingOptions,
    SnapshotOptions,
    BeginningOptions,
    DeploymentOptions {
  readonly counts: Counted;
  /** States for lanes that go on with another plan. */
  readonly prepared: PreparedStates;
}

/** How often it is looked whether a lane should move to another thread. */
const LOOK_EVERY_MS = 2_000;

export class StatefulPool implements StatefulScorer {
  readonly #options: StatefulPoolOptions;
  /** The versions of the model, which come and go while it scores. */
  readonly versions: JobDeployment;
  readonly prepared: PreparedStates;
  readonly #clients: readonly WorkerClient[];
  readonly #buffers = new BufferPool();
  readonly #placement: LanePlacement;
  readonly #suspects = new Suspects();
  readonly #slices: Slices;
  readonly #beginnings: Beginnings;
  readonly #lanes = new Map<string, StatefulLane>();
  /** The latest ownership of each lane that is wanted. */
  readonly #wanted = new Map<string, number>();
  readonly #tellFailure: ReturnType<typeof failureTeller>;
  #lookedAtMs = 0;

  constructor(options: StatefulPoolOptions) {
    this.#options = options;
    this.#tellFailure = failureTeller(options);
    const onPlanGone = (plan: string): void => void this.#tellFailure(this.prepared.forget(plan));
    this.versions = new JobDeployment({ ...options, onPlanGone });
    const { hosts } = options;
    this.#clients = hosts.map((host) => new WorkerClient(host, this.versions, options, this.#buffers));
    this.#slices = new Slices(this.versions.turns);
    this.#placement = new LanePlacement(this.#clients.length);
    this.prepared = options.prepared;
    this.#beginnings = new Beginnings(options, options.prepared);
  }

  /** Waits until every worker has loaded and checked the model. Rejects with `ModelError`. */
  async start(): Promise<void> {
    await this.versions.load();
  }

  async score(microBatch: MicroBatch): Promise<Outcome> {
    const lane = this.#lanes.get(keyOf(microBatch));
    if (lane === undefined || lane.address.epoch !== microBatch.epoch)
      throw new StateLostError(`${keyOf(microBatch)} has no state yet`);
    const { deployment = this.versions.now } = microBatch;
    if (lane.plan !== this.versions.planOf(deployment)) {
      this.#giveUp(lane, keepState);
      throw new StateLostError(`the windows of ${lane.key} are built up again: ${deployment} has others`);
    }
    const outcome = await this.#inTurn(lane, microBatch);
    if (outcome.unplaced > 0) await lookAgain(lane.address, this.#options.counts);
    this.#placement.worked(lane.key, outcome.scored + outcome.deadLetters + outcome.skipped);
    this.#lookAfter(lane);
    return outcome;
  }

  scoreTogether = (task: readonly MicroBatch[]): readonly Promise<Outcome>[] =>
    task.map((microBatch) => this.score(microBatch));

  /** Makes dead letters of what was refused. Any thread can do it: no state is needed. */
  async mend(input: InputBatches, outcome: Outcome, refusals: readonly Refusal[]): Promise<Outcome> {
    const thread = this.#threadOf(keyOf(input));
    await thread.host.ready;
    return thread.host.survive(() => thread.mend(input, outcome, refusals));
  }

  release(outputs: readonly ResultBatch[]): void {
    for (const { bytes } of outputs) this.#buffers.giveBack(bytes.buffer);
  }

  /**
   * Builds up a state of what is below `position`. Resolves to where it stands: from there the lane
   * has to feed it.
   */
  async restore(given: LaneAddress, position: NextOffset): Promise<NextOffset> {
    const address = { ...given, placedBy: placedNow(given, this.#options.counts.now) };
    const key = keyOf(address);
    this.#wanted.set(key, address.epoch);
    this.#lanes.delete(key);
    const plan = this.versions.planOf(this.versions.now);
    const thread = this.#keeperOf({ key, plan });
    await thread.host.ready;
    // The log may be away. That is no fault of a thread.
    const beginning = await this.#beginnings.find(address, position, plan);
    const { offset, unproven } = await askForState(thread, () =>
      this.#beginnings.build(thread, address, beginning, position, plan),
    );
    if (this.#wanted.get(key) !== address.epoch) {
      void this.#tellFailure(thread.ask({ type: 'forget', lane: address }));
      throw new StateLostError(`${key} is not wanted any more`);
    }
    const lane = newStatefulLane({ address, position, plan }, { offset, unproven }, this.#options);
    this.#lanes.set(key, lane);
    return offset as NextOffset;
  }

  /**
   * Another instance has the lane now. A last snapshot stays behind, in case the lane comes back.
   */
  forget(address: LaneAddress): void {
    const key = keyOf(address);
    if ((this.#wanted.get(key) ?? Number.POSITIVE_INFINITY) > address.epoch) return;
    this.#wanted.delete(key);
    this.#suspects.forget(address);
    this.#beginnings.forget(address);
    const lane = this.#lanes.get(key);
    const thread = lane && this.#keeperOf(lane);
    this.#lanes.delete(key);
    this.#placement.remove(key);
    if (lane === undefined || thread === undefined) return;
    void this.#tellFailure(endState(thread, lane));
  }

  /** Everything below these offsets is answered for good. */
  committed(offsets: readonly CommitOffset[]): void {
    for (const { next, ...of } of offsets) {
      const lane = this.#lanes.get(keyOf(of));
      if (lane !== undefined) void this.#tellFailure(lane.snapshots.committed(next));
    }
  }

  /**
   * Where the state of a fed lane is, for that version; null if it was lost, or others serve now.
   * Unready: it may have begun too late, which is looked at now.
   */
  placeOf(of: TopicPartition, deployment: string): LanePlace | 'unready' | null {
    const lane = this.#lanes.get(keyOf(of));
    if (lane === undefined) return null;
    const { versions } = this;
    if (lane.plan !== versions.planOf(deployment)) return deployment === versions.now ? null : 'unready';
    if (lane.unproven === undefined)
      return { epoch: lane.address.epoch, thread: this.#placement.place(lane.key) };
    if (lane.queue.isIdle)
      void this.#tellFailure(lane.queue.run(() => this.#prove(lane))).then(() => {
        if (lane.unproven !== undefined) this.#giveUp(lane);
      });
    return 'unready';
  }

  /** A request did not find the state. The next micro-batch will not either. */
  lost({ epoch, ...of }: LaneAddress): void {
    if (this.#lanes.get(keyOf(of))?.address.epoch === epoch) this.#lanes.delete(keyOf(of));
  }

  forRequests(deployment?: string): RequestPool {
    return this.versions.forRequests(this.#options, deployment);
  }

  /** Writes last snapshots, ends the threads, and leaves no draft behind. */
  async stop(): Promise<void> {
    const whole = [...this.#lanes.values()].filter(({ unproven }) => unproven === undefined);
    await Promise.all(whole.map((lane) => this.#tellFailure(lane.snapshots.finish(this.#keeperOf(lane)))));
    await this.versions.end();
    await this.#tellFailure(Promise.all([this.#options.snapshots.close(), this.prepared.close()]));
  }

  /**
   * Sends a micro-batch, after everything that has to be done before; in pieces, if a record in it
   * is suspected, or other jobs want their turn. When the state has all records below the position
   * and none from there on, it must be proven before it goes on.
   */
  #inTurn(lane: StatefulLane, microBatch: MicroBatch): Promise<Outcome> {
    const [slice, ...more] = this.#slices.of(microBatch);
    const isPlain = more.length === 0 && !this.#suspects.concern(microBatch);
    const { ready } = this.#threadOf(lane.key).host;
    const proves = lane.unproven !== undefined && microBatch.next >= lane.position;
    if (slice !== undefined && lane.queue.isIdle && ready === undefined && isPlain && !proves)
      return this.#send(lane, microBatch, plain(slice));
    return lane.queue.run(async () => {
      await this.#threadOf(lane.key).host.ready;
      let outcome: Outcome | undefined;
      try {
        for (const part of cut(await this.#pieces(lane, microBatch), lane.position)) {
          if (part.first >= lane.position) await this.#prove(lane);
          const answer = await this.#send(lane, microBatch, part);
          outcome = outcome === undefined ? answer : merge(outcome, answer);
        }
        if (proves) await this.#prove(lane);
      } catch (error) {
        this.#giveUp(lane);
        throw error;
      }
      return outcome as Outcome;
    });
  }

  /**
   * The micro-batches that wait must find no state: it would lack the records that did not go in
   * now.
   */
  #giveUp(lane: StatefulLane, leave: typeof keepState = forgetState): void {
    const { key, address } = lane;
    if (this.#lanes.get(key)?.address === address) this.#lanes.delete(key);
    void this.#tellFailure(leave(this.#keeperOf(lane), lane, this.prepared));
  }

  async #pieces(lane: StatefulLane, microBatch: MicroBatch): Promise<readonly Piece[]> {
    if (!this.#suspects.concern(microBatch)) return this.#slices.of(microBatch).map(plain);
    const thread = this.#threadOf(lane.key);
    const { first, next } = microBatch;
    const offsets = await askForState(thread, () => thread.offsets(microBatch, first, next));
    return this.#suspects.pieces(microBatch, offsets);
  }

  /**
   * Call it when the state stands at the position or beyond. A state that began too late is given
   * up.
   */
  async #prove(lane: StatefulLane): Promise<void> {
    const { address, position, unproven, plan } = lane;
    if (unproven === undefined) return;
    const thread = this.#keeperOf(lane);
    const latestMs = await askForState(thread, () => latestIn(thread, address));
    await this.#beginnings.prove(address, position, unproven, latestMs, plan);
    lane.unproven = undefined;
  }

  async #send(lane: StatefulLane, microBatch: MicroBatch, piece: Piece): Promise<Outcome> {
    const { first, until, treatment, why } = piece;
    this.#checkLane(lane, first);
    const thread = this.#threadOf(lane.key);
    const scoreFrom = microBatch.scoreFrom ?? 0;
    const state = { epoch: lane.address.epoch, offset: lane.sentTo, scoreFrom, takes: treatment === 'take' };
    lane.sentTo = until;
    const verdict = treatment === 'score' ? null : workerLost(why);
    const ask = (): Promise<Outcome> =>
      askForState(
        thread,
        () => thread.score(asGiven(microBatch, piece), { first, until, verdict, state }),
        (why) => {
          this.#suspects.lost(microBatch, piece, why);
          return `${keyOf(microBatch)}, offsets ${first} to ${until - 1}`;
        },
      );
    const outcome = await this.versions.served(thread.host, ask, () => this.#checkLane(lane, first));
    this.#suspects.passed(microBatch, until);
    this.#slices.took(outcome);
    return outcome;
  }

  /** It waited while the state was lost: another state of the lane may be on its way. */
  #checkLane(lane: StatefulLane, first: number): void {
    if (this.#lanes.get(lane.key) === lane) return;
    throw new StateLostError(`the state of ${lane.key} was lost before offset ${first}`);
  }

  /** Between two micro-batches, now and then: a snapshot, a move to another thread. */
  #lookAfter(lane: StatefulLane): void {
    const now = this.#options.nowMs();
    if (lane.unproven === undefined && lane.snapshots.isDue(now))
      void this.#tellFailure(lane.snapshots.write(this.#keeperOf(lane)));
    if (this.#clients.length === 1 || now - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = now;
    const move = this.#placement.look();
    if (move !== null) this.#move(move);
  }

  #move(move: Move): void {
    const lane = this.#lanes.get(move.key);
    const there = this.#clients[move.to];
    if (lane === undefined || there === undefined || !lane.queue.isIdle) return;
    const [from, to] = [this.#keeperOf(lane), there.keeping(this.versions.withPlan(lane.plan))];
    const { snapshots, onState } = this.#options;
    const isWanted = (): boolean => this.#lanes.get(move.key) === lane;
    const moved = (): void => {
      this.#placement.moved(move);
      onState?.('info', `${move.key} goes to thread ${move.to}, which has less to do`);
    };
    const work = { address: lane.address, from, to, snapshots, isWanted, moved };
    void this.#tellFailure(lane.queue.run(() => moveState(work)));
  }

  /** Where its state is asked for: with a version of the plan that it was begun with. */
  #keeperOf({ key, plan }: Pick<StatefulLane, 'key' | 'plan'>): StateThread {
    return this.#threadOf(key).keeping(this.versions.withPlan(plan));
  }

  #threadOf(key: string): WorkerClient {
    return this.#clients[this.#placement.place(key)] as WorkerClient;
  }
}
