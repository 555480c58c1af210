// The snapshots of one lane: when the next is due, and when one that was written may be used.

import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { StateThread } from './worker-client.ts';

export interface SnapshotOptions {
  readonly snapshots: SnapshotStore;
  readonly snapshotIntervalMs: number;
  readonly nowMs: () => number;
  /** What is done with states, for the log. */
  readonly onState?: (level: 'info' | 'warn', message: string) => void;
}

/** The golden ratio: multiples of it lie far from each other, whatever their number. */
const RATIO = 0.618;

/**
 * How far a lane is ahead, from 0 to 1: lanes that are assigned together should not all be written
 * at the same time.
 */
const spread = (partition: number): number => (partition * RATIO) % 1;

export class SnapshotSchedule {
  readonly #lane: LaneAddress;
  readonly #options: SnapshotOptions;
  #committed: number;
  #takenAtMs: number;
  /** The one that is being written. */
  #writing: Promise<void> | undefined;
  /** Written, and not yet of use: everything in it must be committed first. */
  #draft: { readonly file: string; readonly offset: number } | undefined;

  constructor(lane: LaneAddress, committed: number, options: SnapshotOptions) {
    this.#lane = lane;
    this.#options = options;
    this.#committed = committed;
    this.#takenAtMs = options.nowMs() - options.snapshotIntervalMs * spread(lane.partition);
  }

  isDue(nowMs: number): boolean {
    const { snapshots, snapshotIntervalMs } = this.#options;
    return snapshots.keeps && this.#writing === undefined && nowMs - this.#takenAtMs >= snapshotIntervalMs;
  }

  /**
   * The thread writes one, after the tasks that it was given before. Rejects when that fails: the
   * snapshot before stays.
   */
  write(thread: StateThread): Promise<void> {
    const writing = this.#write(thread).finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  async #write(thread: StateThread): Promise<void> {
    const { snapshots, onState, nowMs } = this.#options;
    if (!snapshots.keeps) return;
    this.#takenAtMs = nowMs();
    const file = snapshots.draft(this.#lane);
    try {
      const answer = await thread.ask({ type: 'snapshot', lane: this.#lane, file });
      if (answer.type !== 'snapshot') throw new Error(`unexpected answer ${answer.type}`);
      await this.#discard();
      const { offset, bytes } = answer;
      this.#draft = { file, offset };
      const tookMs = Math.round(nowMs() - this.#takenAtMs);
      onState?.('info', `${keyOf(this.#lane)}: snapshot at ${offset}, ${bytes} bytes in ${tookMs} ms`);
      await this.#publish();
    } catch (error) {
      await snapshots.discard(file);
      throw error;
    }
  }

  /** Everything below is answered for good. */
  async committed(next: number): Promise<void> {
    this.#committed = Math.max(this.#committed, next);
    await this.#publish();
  }

  /** Writes a last one, and throws away what cannot be used any more. */
  async finish(thread: StateThread): Promise<void> {
    try {
      await this.#writing?.catch(() => {});
      await this.write(thread);
    } finally {
      await this.#discard();
    }
  }

  async #publish(): Promise<void> {
    const draft = this.#draft;
    if (draft === undefined || draft.offset > this.#committed) return;
    this.#draft = undefined;
    await this.#options.snapshots.publish(draft.file, this.#lane);
  }

  async #discard(): Promise<void> {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft !== undefined) await this.#options.snapshots.discard(draft.file);
  }
}
