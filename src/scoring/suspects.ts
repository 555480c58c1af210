// Which record costs a thread its life, where a lane's state stays on one thread. Nothing can be tried again at once, for the state went
// with the thread; so what was being scored is suspected, and when the lane comes back to it with a new state, its records are
// given one by one. One that is alone and fails again is condemned (invariant 7).

import type { MicroBatch } from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';

/** How often a record that is alone may cost a thread before it is condemned. */
const ATTEMPTS = 2;

/** score: as ever. take: not scored, but put into the state, for reading it may be harmless. leave: not read at all. */
export type Treatment = 'score' | 'take' | 'leave';

export interface Piece {
  readonly first: number;
  readonly until: number;
  readonly treatment: Treatment;
  /** What it did the last time. */
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

  /** These offsets were being scored, or fed, when a thread was lost. */
  lost(of: TopicPartition, { first, until }: Pick<Piece, 'first' | 'until'>, why: string): void {
    const key = keyOf(of);
    if (until - first > 1) {
      this.#suspected.set(key, { first, until });
      return;
    }
    const losses = this.#losses.get(key) ?? new Map<number, Condemned>();
    losses.set(first, { losses: (losses.get(first)?.losses ?? 0) + 1, why });
    this.#losses.set(key, losses);
  }

  /** These were scored in peace. */
  passed(of: TopicPartition, until: number): void {
    const suspected = this.#suspected.get(keyOf(of));
    if (suspected !== undefined && until >= suspected.until) this.#suspected.delete(keyOf(of));
  }

  /** The lane is another's now. */
  forget(of: TopicPartition): void {
    this.#suspected.delete(keyOf(of));
    this.#losses.delete(keyOf(of));
  }

  /** Cuts a micro-batch where it needs care: mostly it is one piece. */
  pieces({ topic, partition, first, next }: MicroBatch): Piece[] {
    const key = keyOf({ topic, partition });
    const suspected = this.#suspected.get(key);
    const losses = this.#losses.get(key);
    const alone = new Set<number>();
    if (suspected !== undefined) {
      for (let at = Math.max(first, suspected.first); at < Math.min(next, suspected.until); at++)
        alone.add(at);
    }
    for (const offset of losses?.keys() ?? []) if (offset >= first && offset < next) alone.add(offset);
    const pieces: Piece[] = [];
    let from: number = first;
    for (const offset of [...alone].sort((left, right) => left - right)) {
      if (offset > from) pieces.push({ first: from, until: offset, treatment: 'score', why: '' });
      const { losses: count = 0, why = '' } = losses?.get(offset) ?? {};
      const treatment = count < ATTEMPTS ? 'score' : count === ATTEMPTS ? 'take' : 'leave';
      pieces.push({ first: offset, until: offset + 1, treatment, why });
      from = offset + 1;
    }
    if (from < next) pieces.push({ first: from, until: next, treatment: 'score', why: '' });
    return pieces;
  }
}
