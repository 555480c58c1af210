// A member of the simulated group behind the Source port. It keeps the port's promises as the real
// Kafka source does: what it owns, since when, and in which generation something may be committed.

import type { LaneCommit } from '../../src/engine/messages.ts';
import { type NextOffset, startingAt } from '../../src/log/offset.ts';
import { placedBy } from '../../src/log/placed-by.ts';
import {
  type CommitOffset,
  FencedError,
  type Fetched,
  type FetchedBatch,
  type LogEnd,
  type Source,
  type SourceListener,
} from '../../src/log/ports.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import { carried } from './damage.ts';
import type { GroupMember, GroupWorld, SimGroup } from './group.ts';
import type { SimProcess } from './process.ts';

const FETCH_BYTES_MAX = 600;
/** The group notices after a while that a member does not answer. */
export const SESSION_MS = 100;

interface Reading extends TopicPartition {
  readonly incarnation: string;
  position: NextOffset;
  paused: boolean;
  /** A fetch is under way. */
  fetching: boolean;
}

type Answer = { readonly reading: Reading; readonly part: Fetched };

export interface SourceWorld extends GroupWorld {
  readonly group: SimGroup;
}

export class SimSource implements Source, GroupMember {
  readonly #process: SimProcess;
  readonly #world: SourceWorld;
  #listener: SourceListener | undefined;
  #reading = new Map<string, Reading>();
  #memberId = -1;
  #generation = -1;
  #mayCommit = false;
  #joiningRound = -1;
  #stopped = false;
  #stuck = false;
  #restUntilMs = 0;
  #answers: Answer[] = [];
  /** The incarnation of the input that was found gone. */
  #missed = '';

  constructor(process: SimProcess, world: SourceWorld) {
    this.#process = process;
    this.#world = world;
  }

  get name(): string {
    return this.#process.name;
  }

  after(delayMs: number, act: () => void): void {
    this.#process.after(delayMs, () => {
      if (!this.#stopped) act();
    });
  }

  async start(listener: SourceListener): Promise<void> {
    this.#listener = listener;
    this.#enter();
    this.#beat();
  }

  pause(partition: TopicPartition): void {
    const reading = this.#reading.get(keyOf(partition));
    if (reading !== undefined) reading.paused = true;
  }

  resume(partition: TopicPartition): void {
    const reading = this.#reading.get(keyOf(partition));
    if (reading === undefined) return;
    reading.paused = false;
    this.#fetch(reading);
  }

  rest(ms: number): void {
    this.#restUntilMs = this.#world.scheduler.nowMs + ms;
  }

  seek(partition: TopicPartition, position: NextOffset): void {
    const reading = this.#reading.get(keyOf(partition));
    if (reading === undefined) return;
    reading.position = position;
    this.#fetch(reading);
  }

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    if (!this.#mayCommit) throw new FencedError('the group is rebalancing');
    const { dice, group } = this.#world;
    const [memberId, generation] = [this.#memberId, this.#generation];
    const commits = (offsets as readonly LaneCommit[]).map((commit) => ({
      ...commit,
      epoch: this.#process.uniqueEpoch(commit.epoch),
    }));
    const fails = dice.strikes('commitsFail', 0.2);
    const answerLost = fails && dice.of('commitsFail').next() < 0.5;
    await new Promise<void>((resolve, reject) => {
      this.#world.scheduler.after(dice.delayMs('commit', 2, 60), () => {
        const answer = (error?: Error): void => {
          this.#process.after(dice.delayMs('answer', 1, 30), () =>
            error === undefined ? resolve() : reject(error),
          );
        };
        try {
          if (fails && !answerLost) throw new Error('connection reset');
          group.commit(this, memberId, generation, commits);
          answer(answerLost ? new Error('request timed out') : undefined);
        } catch (error) {
          answer(error as Error);
        }
      });
    }).catch((error: unknown) => {
      if (error instanceof FencedError && generation === this.#generation && !this.#stopped) this.#expelled();
      throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#reading.clear();
    this.#mayCommit = false;
    const { dice, scheduler, group, note } = this.#world;
    if (!dice.strikes('leavingHangs', 0.5)) return group.remove(this);
    note.call(this.#world, () => `${this.name} gets no answer to its leaving`);
    scheduler.after(SESSION_MS, () => group.remove(this));
    return new Promise(() => {});
  }

  called(round: number): void {
    void this.#settle(round);
  }

  async logEnds(): Promise<readonly LogEnd[]> {
    await this.#process.wait(1);
    return this.#world.cluster.inputs().map((tp) => ({ ...tp, logEnd: this.#world.cluster.logEnd(tp) }));
  }

  async offsetAt(partition: TopicPartition, timestampMs: number): Promise<number> {
    await this.#process.wait(1);
    return this.#world.cluster.partition(partition).offsetAt(timestampMs);
  }

  async rejoin(): Promise<void> {
    this.#stuck = false;
    this.#world.group.remove(this);
    this.#expelled();
  }

  /** Brings nothing any more, of no partition, until it joins again. */
  stick(): void {
    this.#stuck = true;
  }

  sync(generation: number, partitions: readonly TopicPartition[]): void {
    if (this.#generation >= 0 && generation !== this.#generation + 1) this.#lose();
    this.#generation = generation;
    const { cluster } = this.#world;
    const now = new Set(partitions.map(keyOf));
    const gone = [...this.#reading.values()].filter((reading) => !now.has(keyOf(reading)));
    this.#reading = new Map();
    const { incarnation } = cluster;
    const assigned = partitions.map((tp) => {
      const committed = cluster.committed(tp);
      const position = committed ?? startingAt(0);
      const uncommitted = committed === undefined ? { uncommitted: true as const } : {};
      const partitionCount = cluster.count(tp.topic);
      const counts = { partitionCount, placedBy: placedBy(tp.partition, cluster.inputCounts) };
      return { ...tp, position, incarnation, metadata: incarnation, ...counts, ...uncommitted };
    });
    for (const { topic, partition, position } of assigned) {
      const reading = { topic, partition, incarnation, position, paused: false, fetching: false };
      this.#reading.set(keyOf(reading), reading);
    }
    if (gone.length > 0) this.#listener?.revoked(gone);
    this.#mayCommit = true;
    this.#listener?.assigned(assigned);
    for (const reading of this.#reading.values()) this.#fetch(reading);
  }

  /** New records are there. */
  poke(): void {
    for (const reading of this.#reading.values()) this.#fetch(reading);
  }

  #enter(): void {
    const { group } = this.#world;
    this.#generation = -1;
    this.#memberId = group.enter(this);
    group.join(this, group.round);
  }

  /** Learns by its heartbeat that the group went on without it, or that it was not called. */
  #beat(): void {
    this.after(20 + this.#world.dice.of('beat').below(20), () => {
      if (!this.#world.group.knows(this)) this.#expelled();
      this.#beat();
    });
  }

  #expelled(): void {
    if (this.#world.group.knows(this)) return;
    this.#lose();
    this.#enter();
  }

  #lose(): void {
    const lost = [...this.#reading.values()];
    this.#reading.clear();
    this.#mayCommit = false;
    if (lost.length > 0) this.#listener?.lost(lost);
  }

  async #settle(round: number): Promise<void> {
    if (this.#joiningRound === round) return;
    this.#joiningRound = round;
    const owned = [...this.#reading.values()];
    if (owned.length > 0) await this.#listener?.revoking(owned);
    if (this.#stopped || !this.#process.alive) return;
    this.#mayCommit = false;
    if (!this.#world.group.join(this, round)) this.#expelled();
  }

  #fetch(reading: Reading): void {
    if (reading.fetching || reading.paused || this.#stuck) return;
    reading.fetching = true;
    const { dice, scheduler } = this.#world;
    const delayMs = Math.max(dice.delayMs('fetch', 3, 60), this.#restUntilMs - scheduler.nowMs);
    this.after(delayMs, () => {
      reading.fetching = false;
      if (!this.#isCurrent(reading) || reading.paused) return;
      if (scheduler.nowMs < this.#restUntilMs) return this.#fetch(reading);
      this.#request(reading);
    });
  }

  /** Reads from some batches before or behind, as when a seek comes too late. */
  #stray(reading: Reading): void {
    const { batches } = this.#world.cluster.partition(reading);
    const at = batches.findIndex(({ header }) => header.next > reading.position);
    const random = this.#world.dice.of('stray');
    const batch = batches[at + random.below(7) - 3];
    // Or where a group begins that has committed nothing: the log may not hold that any more.
    if (random.next() < 0.1) reading.position = startingAt(0);
    else if (batch !== undefined) reading.position = startingAt(batch.header.baseOffset);
  }

  #isCurrent(reading: Reading): boolean {
    return this.#reading.get(keyOf(reading)) === reading;
  }

  #request(reading: Reading): void {
    const { cluster, dice, group } = this.#world;
    cluster.history.push({ type: 'fetching', process: this.name, atMs: this.#process.clock.nowMs() });
    if (reading.incarnation !== cluster.incarnation) {
      // There is no topic of that id any more: it looks for the one that there is, and joins again,
      // once.
      if (this.#missed !== reading.incarnation) group.rebalance();
      this.#missed = reading.incarnation;
      return;
    }
    const log = cluster.partition(reading);
    if (dice.strikes('staleFetches', 0.05)) this.#stray(reading);
    if (reading.position < log.logStart) {
      const { logStart, logEnd } = log;
      const { topic, partition, position } = reading;
      reading.position = logStart;
      this.#listener?.outOfRange({ topic, partition, position, logStart, logEnd, resumedAt: logStart });
    }
    const from = reading.position;
    const batches = log.read(from, 1 + dice.of('fetchBytes').below(FETCH_BYTES_MAX)).map(
      (batch): FetchedBatch => ({
        ...batch,
        bytes: carried(dice, batch.bytes),
        skip: cluster.isSkipped(batch.header),
      }),
    );
    if (batches.length === 0) return;
    reading.fetching = true;
    const { topic, partition } = reading;
    const part = { topic, partition, from, batches, highWatermark: log.logEnd };
    this.after(dice.delayMs('fetched', 2, 60), () => this.#arrived({ reading, part }));
  }

  /** A fetch answers for several partitions at once: what comes soon after is told with it. */
  #arrived(answer: Answer): void {
    if (this.#answers.push(answer) > 1) return;
    this.after(this.#world.dice.of('parts').below(4), () => {
      const answers = this.#answers.splice(0);
      const parts = answers.filter((each) => this.#isWanted(each)).map(({ part }) => part);
      if (parts.length > 0) this.#listener?.fetched(...parts);
      for (const { reading } of answers) {
        reading.fetching = false;
        if (this.#isCurrent(reading)) this.#fetch(reading);
      }
    });
  }

  /** What was asked for before a seek or a pause is thrown away, as kafkajs does; mostly. */
  #isWanted({ reading, part }: Answer): boolean {
    if (!this.#isCurrent(reading)) return false;
    if ((reading.position !== part.from || reading.paused) && !this.#world.dice.strikes('staleFetches', 0.5))
      return false;
    if (reading.position === part.from) reading.position = part.batches.at(-1)?.header.next ?? part.from;
    return true;
  }
}
