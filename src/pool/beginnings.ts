// Where the states of lanes begin, and whether that was early enough. The log knows the times of
// the records below a position. It does not know which of them a state takes. So the beginning of a
// state is an assumption at first. When the state stands at the position, before any record is
// scored with it, the assumption is proven or not. A state that began too late begins again,
// further back.

import type { NextOffset } from '../log/offset.ts';
import type { Beginning, TooLate } from '../log/offset-before.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { RestoreRequest } from '../worker-protocol/messages.ts';
import { StateLostError } from '../worker-protocol/messages.ts';
import { ScoringError } from './model-host.ts';
import type { PreparedStates } from './prepared-states.ts';
import type { SnapshotOptions } from './snapshot-schedule.ts';
import type { StateThread } from './worker-client.ts';

/**
 * Finds the offset from which the records up to that position make up the whole state. `tooLate`:
 * what an attempt that began too late has shown.
 */
export type BeginningOf = (
  lane: LaneAddress,
  position: NextOffset,
  tooLate: TooLate | null,
  /** As in `Deployment`: the windows that the state is for. */
  plan: string | undefined,
) => Promise<Beginning>;

export interface BeginningOptions {
  readonly beginningOf: BeginningOf;
}

/** A state that has been begun. */
export interface Begun {
  /** Where it stands: from there on it has to be fed. */
  readonly offset: number;
  /** What was assumed; undefined where nothing was. */
  readonly unproven: Beginning | undefined;
}

/** A Date holds no more. */
const DATE_MS_MAX = 8.64e15;

export class Beginnings {
  readonly #options: BeginningOptions & Pick<SnapshotOptions, 'snapshots' | 'onState'>;
  readonly #prepared: PreparedStates;
  readonly #tooLate = new Map<string, TooLate>();

  constructor(
    options: BeginningOptions & Pick<SnapshotOptions, 'snapshots' | 'onState'>,
    prepared: PreparedStates,
  ) {
    this.#options = options;
    this.#prepared = prepared;
  }

  find(lane: LaneAddress, position: NextOffset, plan: string | undefined): Promise<Beginning> {
    return this.#options.beginningOf(lane, position, this.#tooLate.get(keyOf(lane)) ?? null, plan);
  }

  /**
   * From what was prepared or a snapshot, which is whole wherever it stands, or empty where it may
   * begin.
   */
  async build(
    thread: StateThread,
    lane: LaneAddress,
    beginning: Beginning,
    position: NextOffset,
    plan: string | undefined,
  ): Promise<Begun> {
    const { snapshots, onState } = this.#options;
    const { offset, assumedMs } = beginning;
    const key = keyOf(lane);
    const prepared = plan === undefined ? null : this.#prepared.find(plan, lane);
    for (const file of [prepared, snapshots.find(lane)]) {
      if (file === null) continue;
      try {
        const found = await restored(thread, lane, { file, notBefore: offset, notAfter: position });
        const before = position - found;
        const what = file === prepared ? 'state that was prepared' : 'state of a snapshot';
        // Snapshots are later from now on.
        if (file === prepared) await this.#prepared.storeOf(plan as string).discard(file);
        onState?.('info', `${key}: the ${what} stands at ${found}, ${before} offsets before`);
        return { offset: found, unproven: undefined };
      } catch (error) {
        if (!(error instanceof ScoringError) || error.code !== 'SCORELANE_SNAPSHOT') throw error;
        onState?.('warn', `${key}: the snapshot ${file} is of no use: ${error.message}`);
      }
    }
    await restored(thread, lane, { offset });
    onState?.('info', `${key}: the state is built up from the log, from offset ${offset} to ${position}`);
    return { offset, unproven: assumedMs > Number.NEGATIVE_INFINITY ? beginning : undefined };
  }

  /**
   * Compares what was assumed with the latest time in the state. Throws `StateLostError` if the
   * state has to begin again, further back.
   */
  async prove(
    lane: LaneAddress,
    position: NextOffset,
    { offset, assumedMs }: Beginning,
    latestMs: number,
    plan: string | undefined,
  ): Promise<void> {
    const key = keyOf(lane);
    if (latestMs < assumedMs) {
      const tooLate = { began: offset, latestMs };
      const needed = await this.#options.beginningOf(lane, position, tooLate, plan);
      if (needed.offset < offset) {
        this.#tooLate.set(key, tooLate);
        const found =
          latestMs > Number.NEGATIVE_INFINITY ? `the latest is of ${timeOf(latestMs)}` : 'there is none';
        throw new StateLostError(
          `the state of ${key} begins again at offset ${needed.offset}: from ${offset} to ${position} a record of ` +
            `${timeOf(assumedMs)} or later was expected, and of those that windows take ${found}`,
        );
      }
    }
    this.#tooLate.delete(key);
  }

  forget(lane: LaneAddress): void {
    this.#tooLate.delete(keyOf(lane));
  }
}

const timeOf = (timestampMs: number): string =>
  Math.abs(timestampMs) <= DATE_MS_MAX ? new Date(timestampMs).toISOString() : `${timestampMs} ms`;

/** Begins a state on that thread, and says where it stands. */
export async function restored(
  thread: StateThread,
  lane: LaneAddress,
  from: RestoreRequest['from'],
): Promise<number> {
  const answer = await thread.ask({ type: 'restore', lane, from });
  if (answer.type === 'restored') return answer.offset;
  throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${answer.type}`);
}

/** The latest time that a state has taken. */
export async function latestIn(thread: StateThread, lane: LaneAddress): Promise<number> {
  const answer = await thread.ask({ type: 'latest', lane });
  if (answer.type === 'latest') return answer.latestMs;
  throw new ScoringError('SCORELANE_SCORER', `unexpected answer ${answer.type}`);
}
