// The consumer group of the simulated cluster, in the manner of Kafka's classic protocol: everybody
// settles, then everybody gets what is theirs, most of which stays. Who is expelled does not know
// it at once, and commits of an old generation are refused.

import type { LaneCommit } from '../../src/engine/messages.ts';
import { FencedError } from '../../src/log/ports.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import type { Cluster } from './cluster.ts';
import type { Dice } from './faults.ts';
import type { Scheduler } from './scheduler.ts';

const REBALANCE_TIMEOUT_MS = 120;
const HEARTBEAT_MS = 30;
const SYNC_MS = 5;

export interface GroupMember {
  readonly name: string;
  /** A rebalance has begun: settle, then `join`. Comes with a heartbeat's delay. */
  called(round: number): void;
  /** What is its own in the new generation. */
  sync(generation: number, partitions: readonly TopicPartition[]): void;
  after(delayMs: number, act: () => void): void;
}

export interface GroupWorld {
  readonly cluster: Cluster;
  readonly dice: Dice;
  readonly scheduler: Scheduler;
  note(words: () => string): void;
}

export class SimGroup {
  generation = 0;
  coordinatorIsThere = true;
  readonly #world: GroupWorld;
  /** Each with its member id. */
  readonly #members = new Map<GroupMember, number>();
  #ids = 0;
  readonly #joined = new Set<GroupMember>();
  #owners = new Map<string, GroupMember>();
  #round = 0;
  #rebalancing = false;

  constructor(world: GroupWorld) {
    this.#world = world;
  }

  knows(member: GroupMember): boolean {
    return this.#members.has(member);
  }

  /** A new member, or one that comes back after it was expelled: it gets a new member id. */
  enter(member: GroupMember): number {
    const id = this.#ids++;
    this.#members.set(member, id);
    this.rebalance();
    return id;
  }

  /** It left, or its session expired, which it does not know. */
  remove(member: GroupMember): void {
    if (!this.#members.delete(member)) return;
    this.#joined.delete(member);
    this.#endAll(member);
    this.rebalance();
  }

  rebalance(): void {
    if (!this.#rebalancing) {
      this.#rebalancing = true;
      const round = ++this.#round;
      this.#joined.clear();
      this.#world.note(() => `group: rebalance ${round}`);
      for (const member of this.#members.keys()) this.#call(member, round);
      this.#world.scheduler.after(REBALANCE_TIMEOUT_MS, () => this.#expire(round));
    }
    this.#completeIfAllJoined();
  }

  /** The member has settled. False when the group went on without it. */
  join(member: GroupMember, round: number): boolean {
    if (!this.#members.has(member)) return false;
    if (!this.#rebalancing || round !== this.#round) return true;
    this.#joined.add(member);
    this.#completeIfAllJoined();
    return true;
  }

  /** Which rebalance a member that enters now takes part in. */
  get round(): number {
    return this.#round;
  }

  commit(member: GroupMember, memberId: number, generation: number, commits: readonly LaneCommit[]): void {
    if (!this.coordinatorIsThere) throw new Error('the coordinator is not available');
    if (this.#members.get(member) !== memberId || generation !== this.generation) {
      throw new FencedError('ILLEGAL_GENERATION');
    }
    for (const commit of commits) {
      const { next, partition } = commit;
      this.#world.cluster.commit(commit, commit.epoch);
      this.#world.note(() => `${member.name} committed ${next} of ${partition}`);
    }
  }

  /** A member that entered during a rebalance has not been called yet. */
  #call(member: GroupMember, round: number): void {
    member.after(this.#world.dice.delayMs('heartbeat', HEARTBEAT_MS, HEARTBEAT_MS), () => {
      if (round === this.#round && this.#rebalancing && this.#members.has(member)) member.called(round);
    });
  }

  #expire(round: number): void {
    if (!this.#rebalancing || round !== this.#round) return;
    for (const member of this.#members.keys()) {
      if (this.#joined.has(member)) continue;
      this.#world.note(() => `group: ${member.name} did not settle in time and is expelled`);
      this.#members.delete(member);
      this.#endAll(member);
    }
    this.#completeIfAllJoined();
  }

  /** Its ownerships end here, whatever it believes. */
  #endAll(member: GroupMember): void {
    for (const tp of this.#world.cluster.inputs()) {
      if (this.#owners.get(keyOf(tp)) !== member) continue;
      this.#owners.delete(keyOf(tp));
      this.#ended(tp, 'lost');
    }
  }

  #ended({ topic, partition }: TopicPartition, why: 'revoked' | 'lost'): void {
    this.#world.cluster.history.push({ type: 'ended', epoch: -1, why, topic, partition });
  }

  #completeIfAllJoined(): void {
    if (!this.#rebalancing || !this.coordinatorIsThere) return;
    for (const member of this.#members.keys()) if (!this.#joined.has(member)) return;
    this.#rebalancing = false;
    const generation = ++this.generation;
    const members = [...this.#members.keys()];
    if (members.length === 0) {
      this.#owners.clear();
      return;
    }
    this.#assign(members);
    for (const member of members) {
      const own = this.#world.cluster.inputs().filter((tp) => this.#owners.get(keyOf(tp)) === member);
      this.#world.note(
        () => `group: generation ${generation}, ${member.name} has ${own.map((tp) => tp.partition)}`,
      );
      member.after(this.#world.dice.delayMs('sync', SYNC_MS, SYNC_MS * 10), () => {
        // Who has joined again meanwhile does not hear of the generation before.
        const isPast = generation !== this.generation || (this.#rebalancing && this.#joined.has(member));
        if (this.#members.has(member) && !isPast) member.sync(generation, own);
      });
    }
  }

  /** Sticky, but now and then a partition moves for no reason. */
  #assign(members: readonly GroupMember[]): void {
    const random = this.#world.dice.of('assign');
    const before = this.#owners;
    const share = Math.ceil(this.#world.cluster.inputs().length / members.length);
    const counts = new Map<GroupMember, number>();
    this.#owners = new Map();
    for (const tp of this.#world.cluster.inputs()) {
      const keeper = before.get(keyOf(tp));
      const stays =
        keeper !== undefined &&
        members.includes(keeper) &&
        (counts.get(keeper) ?? 0) < share &&
        random.next() < 0.8;
      const open = members.filter((member) => (counts.get(member) ?? 0) < share);
      const owner = stays ? keeper : (open[random.below(open.length)] as GroupMember);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
      this.#owners.set(keyOf(tp), owner);
      if (keeper !== undefined && keeper !== owner) this.#ended(tp, 'revoked');
    }
  }

  /** The coordinator is there again: what waited for it goes on. */
  coordinatorIsBack(): void {
    this.coordinatorIsThere = true;
    this.#completeIfAllJoined();
  }
}
