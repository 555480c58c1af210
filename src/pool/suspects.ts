// Finds the record that ends its thread, where a lane's state is on one thread. Nothing can be
// tried again at once, because the state is lost with the thread. So the records of that task are
// suspected. When the lane comes back to them with a new state, they are given one by one. A record
// that is alone and fails again is condemned (invariant 7).

import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import { type MicroBatch, untried } from '../scoring/micro-batch.ts';
import type { Slice } from './slices.ts';

/** How often a record that is alone may cost a thread before it is condemned. */
const ATTEMPTS = 2;

/**
 * score: as usual. take: not scored, but put into the state, because to read it may be harmless.
 * leave: not read at all.
 */
export type Treatment = 'score' | 'take' | 'leave';

export interface Piece {
  readonly first: number;
  readonly until: number;
  readonly treatment: Treatment;
  /** The offset of its only record, where records are given one by one. */
  readonly alone: number | null;
  /** Why the thread was lost the last time. */
  readonly why: string;
}

interface Suspected {
  readonly first: number;
  readonly until: number;
}

interface Condemned {
  readonly losses: number;
  readonly why: string;
}

export class Suspects {
  readonly #suspected = new Map<string, Suspected>();
  /** By lane, losses of single offsets. */
  readonly #losses = new Map<string, Map<number, Condemned>>();

  /** This was being scored, or put into the state, when a thread was lost. */
  lost(
    of: TopicPartition,
    { first, until, alone }: Pick<Piece, 'first' | 'until' | 'alone'>,
    why: string,
  ): void {
    const key = keyOf(of);
    if (alone === null) {
      this.#suspected.set(key, { first, until });
      return;
    }
    const losses = this.#losses.get(key) ?? new Map<number, Condemned>();
    losses.set(alone, { losses: (losses.get(alone)?.losses ?? 0) + 1, why });
    this.#losses.set(key, losses);
  }

  /** These were scored and the thread lives. */
  passed(of: TopicPartition, until: number): void {
    const suspected = this.#suspected.get(keyOf(of));
    if (suspected !== undefined && until >= suspected.until) this.#suspected.delete(keyOf(of));
  }

  /** The lane is another's now. */
  forget(of: TopicPartition): void {
    this.#suspected.delete(keyOf(of));
    this.#losses.delete(keyOf(of));
  }

  /** Whether some of its records have to be given one by one. */
  concern(microBatch: MicroBatch): boolean {
    const { first, next } = microBatch;
    const suspected = this.#suspected.get(keyOf(microBatch));
    if (suspected !== undefined && suspected.first < next && suspected.until > first) return true;
    for (const offset of this.#losses.get(keyOf(microBatch))?.keys() ?? [])
      if (offset >= first && offset < next) return true;
    return false;
  }

  /**
   * Cuts a micro-batch where it needs care. `offsets`: those of its records. Between them there is
   * nothing.
   */
  pieces(microBatch: MicroBatch, offsets: Iterable<number>): Piece[] {
    const key = keyOf(microBatch);
    const { first, next } = microBatch;
    const suspected = this.#suspected.get(key) ?? { first: 0, until: 0 };
    const losses = this.#losses.get(key);
    const pieces: Piece[] = [];
    /** The piece that goes on: nothing yet, records that need no care, or a single one. */
    let [begun, open]: [number, Omit<Piece, 'first' | 'until'> | null] = [first, null];
    for (const offset of offsets) {
      const lost = losses?.get(offset);
      const care = lost !== undefined || (offset >= suspected.first && offset < suspected.until);
      if (open !== null && (care || open.alone !== null)) {
        pieces.push({ ...open, first: begun, until: offset });
        begun = offset;
        open = null;
      }
      open ??= care ? { alone: offset, treatment: treatmentOf(lost), why: lost?.why ?? '' } : { ...PLAIN };
    }
    pieces.push({ ...(open ?? PLAIN), first: begun, until: next });
    return pieces;
  }
}

const PLAIN = { alone: null, treatment: 'score', why: '' } as const;

/** Nothing in it needs care. */
export const plain = (slice: Slice): Piece => ({ ...PLAIN, ...slice });

/** A suspect may have met a version that is tried: that has no part in it any more. */
export const asGiven = (microBatch: MicroBatch, { alone }: Pick<Piece, 'alone'>): MicroBatch =>
  alone === null ? microBatch : untried(microBatch);

function treatmentOf(lost: Condemned | undefined): Treatment {
  const losses = lost?.losses ?? 0;
  return losses < ATTEMPTS ? 'score' : losses === ATTEMPTS ? 'take' : 'leave';
}

/** The same pieces, but none goes across that offset. */
export const cut = (pieces: readonly Piece[], position: number): readonly Piece[] =>
  pieces.flatMap((piece) =>
    piece.first < position && position < piece.until
      ? [
          { ...piece, until: position },
          { ...piece, first: position },
        ]
      : [piece],
  );
