// Decides which micro-batches and records are traced. A record is, if its own trace is recorded,
// and a bounded number of them a second: a producer that records every trace shall not cost a span
// for each record. Those beyond the bound keep their trace as it came.

import { randomBytes } from 'node:crypto';
import type { TracingSetup } from '../../scoring/traced.ts';

export class TraceSampler {
  readonly #setup: TracingSetup;
  readonly #nowMs: () => number;
  readonly #random: () => number;
  /** Records that may be traced now; no more than those of a second. */
  #left: number;
  #countedAtMs: number;

  constructor(setup: TracingSetup, nowMs = () => performance.now(), random: () => number = Math.random) {
    this.#setup = setup;
    this.#nowMs = nowMs;
    this.#random = random;
    this.#left = this.#most;
    this.#countedAtMs = nowMs();
  }

  /** At least one, for rates below one a second. 0: none at all. */
  get #most(): number {
    const { recordsPerSecond } = this.#setup;
    return recordsPerSecond === 0 ? 0 : Math.max(1, recordsPerSecond);
  }

  /** Whether one more record may be traced. */
  takesRecord(): boolean {
    const nowMs = this.#nowMs();
    const more = ((nowMs - this.#countedAtMs) / 1_000) * this.#setup.recordsPerSecond;
    this.#left = Math.min(this.#most, this.#left + more);
    this.#countedAtMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Whether a micro-batch is traced that has no such record. */
  takesMicroBatch(): boolean {
    return this.#random() < this.#setup.sampling;
  }
}

/** Hexadecimal digits, two for each byte. */
export const newId = (bytes: 8 | 16): string => randomBytes(bytes).toString('hex');
