// The states of the lanes on this thread. A state is a function of the records below the offset at
// which it stands. It is taken out while records are put into it. If that does not come to its end,
// the state is not put back. Who asks for a state that is not there, or stands at another offset,
// is told that it is lost, and builds it up again from the log.

import { subtract } from '../../base/counts.ts';
import type { FeaturePlan } from '../../features/feature-plan.ts';
import type { StatefulPlan } from '../../features/stateful-plan.ts';
import { NO_WINDOWS, WINDOW_COUNTS, type WindowCounts } from '../../features/window-counts.ts';
import { keyOf } from '../../log/topic-partition.ts';
import type { LaneAddress } from '../../scoring/lane-address.ts';
import { type SnapshotRange, StateLostError } from '../../worker-protocol/messages.ts';
import { readSnapshot, type SnapshotTitle, writeSnapshot } from './snapshot-file.ts';

const FILES = { read: readSnapshot, write: writeSnapshot };

/** The partition of a plan. */
type Of = Omit<LaneAddress, 'epoch'>;

interface Held {
  readonly epoch: number;
  readonly plan: StatefulPlan;
  offset: number;
}

export class LaneStates implements FeaturePlan {
  readonly width: number;
  readonly wantsKey: boolean;
  readonly #newPlan: (of: Of) => StatefulPlan;
  /** The identity of the plan: all that a state depends on besides the log. */
  readonly #planName: string;
  readonly #files: typeof FILES;
  readonly #held = new Map<string, Held>();
  #used: Held | undefined;
  /** Whether the state in use is only read. */
  #isPeeking = false;

  /** Other `files` only in the simulator. */
  constructor(newPlan: (of: Of) => StatefulPlan, planName: string, files = FILES) {
    this.#files = files;
    this.#newPlan = newPlan;
    this.#planName = planName;
    const { width, wantsKey } = newPlan({ topic: '', partition: 0 });
    this.width = width;
    this.wantsKey = wantsKey;
  }

  /** Bytes of all states. */
  get bytes(): number {
    let bytes = 0;
    for (const { plan } of this.#held.values()) bytes += plan.state.bytes;
    return bytes;
  }

  /** What the state in use has counted so far. */
  get counts(): WindowCounts {
    return this.#used?.plan.counts ?? NO_WINDOWS;
  }

  /** What it has counted since then; nothing if `before` is null. */
  countsSince(before: WindowCounts | null): WindowCounts {
    return before === null ? NO_WINDOWS : subtract(WINDOW_COUNTS, this.counts, before);
  }

  /** Puts a record into the state that is in use; only reads it after `peek`. */
  fill(...of: Parameters<FeaturePlan['fill']>): ReturnType<FeaturePlan['fill']> {
    if (this.#used === undefined) throw new StateLostError('no state is in use');
    const { plan } = this.#used;
    return this.#isPeeking ? plan.peek(...of) : plan.fill(...of);
  }

  /** Reads that state from now on, wherever it stands, until `leave`. Throws `StateLostError`. */
  peek(lane: LaneAddress): void {
    this.#used = this.#expect(lane);
    this.#isPeeking = true;
  }

  leave(): void {
    this.#used = undefined;
    this.#isPeeking = false;
  }

  /** Takes out the state that stands at that offset. Throws `StateLostError`. */
  use(lane: LaneAddress, offset: number): void {
    const held = this.#expect(lane);
    this.#held.delete(keyOf(lane));
    this.#used = held;
    if (held.offset !== offset)
      throw new StateLostError(`the state of ${keyOf(lane)} stands at ${held.offset}, expected ${offset}`);
  }

  /** Puts it back: it holds all records below that offset now. */
  putBack(lane: LaneAddress, offset: number): void {
    if (this.#used === undefined) throw new StateLostError('no state is in use');
    this.#used.offset = offset;
    this.#held.set(keyOf(lane), this.#used);
    this.#used = undefined;
  }

  /** Begins an empty state there. */
  begin(lane: LaneAddress, offset: number): void {
    this.#held.set(keyOf(lane), { epoch: lane.epoch, plan: this.#newPlan(lane), offset });
  }

  /** Begins with the state in a file. Returns where it stands. Throws `SnapshotError`. */
  restore(lane: LaneAddress, file: string, range: SnapshotRange): number {
    this.#held.delete(keyOf(lane));
    const plan = this.#newPlan(lane);
    const offset = this.#files.read(file, this.#title(lane, 0), range, (archive) =>
      plan.state.saveOrRestore(archive),
    );
    this.#held.set(keyOf(lane), { epoch: lane.epoch, plan, offset });
    return offset;
  }

  /** Writes a state to a file. Throws `StateLostError`, and what writing throws. */
  snapshot(lane: LaneAddress, file: string): { readonly offset: number; readonly bytes: number } {
    const { offset, plan } = this.#expect(lane);
    const bytes = this.#files.write(file, this.#title(lane, offset), (archive) =>
      plan.state.saveOrRestore(archive),
    );
    return { offset, bytes };
  }

  /** The latest time of what a state has taken; -Infinity for nothing. Throws `StateLostError`. */
  latestMs(lane: LaneAddress): number {
    return this.#expect(lane).plan.state.latestMs;
  }

  forget(lane: LaneAddress): void {
    if (this.#held.get(keyOf(lane))?.epoch === lane.epoch) this.#held.delete(keyOf(lane));
  }

  #title({ topic, partition, incarnation, placedBy = [] }: LaneAddress, offset: number): SnapshotTitle {
    const plan = this.#planName;
    return { topic, incarnation: incarnation ?? null, partition, plan, placedBy: placedBy.join(), offset };
  }

  #expect(lane: LaneAddress): Held {
    const held = this.#held.get(keyOf(lane));
    if (held?.epoch === lane.epoch) return held;
    throw new StateLostError(`no state of ${keyOf(lane)} is on this thread`);
  }
}
