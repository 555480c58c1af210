// Leaves records out that have their answer already. Around the pool, for `run --resume-dedupe`.

import type { OffsetRange } from '../log/offset.ts';
import type { MicroBatch, ResultBatch, ScoredMicroBatch } from '../log/ports.ts';

interface Inner {
  score(microBatch: MicroBatch): Promise<ScoredMicroBatch>;
  release(outputs: readonly ResultBatch[]): void;
}

/** Records of one partition that are answered. */
export interface Answered {
  /** Those from `first` up to `until`, as runs in ascending order. */
  runs(first: number, until: number): readonly OffsetRange[];
}

export class Omitting {
  readonly #inner: Inner;
  readonly #answered: readonly Answered[];

  /** `answered[n]` is of partition n of the input. */
  constructor(inner: Inner, answered: readonly Answered[]) {
    this.#inner = inner;
    this.#answered = answered;
  }

  score(microBatch: MicroBatch): Promise<ScoredMicroBatch> {
    const { partition, first, next } = microBatch;
    const omit = this.#answered[partition]?.runs(first, next) ?? [];
    return this.#inner.score(omit.length === 0 ? microBatch : { ...microBatch, omit });
  }

  release(outputs: readonly ResultBatch[]): void {
    this.#inner.release(outputs);
  }
}
