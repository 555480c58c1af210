// Joins results with labels that come later, in bounded memory, in any order. What is kept is a
// sample by a hash of the id: where there are more records than may be kept, half of all ids are
// given up, results and labels alike, so that what is left is a sample of the same kind.

import { murmur3 } from '../features/murmur3.ts';
import { LiveQuality, type QualityRow } from './live-quality.ts';
import { LABEL, type Label } from './result-reader.ts';

interface Joined {
  /** Null while the result has not come. */
  version: string | null;
  score: number;
  resultMs: number;
  label: Label;
  labelMs: number;
}

export interface JoinLimits {
  /** How long after its result a label counts, and how long a result does. */
  readonly withinMs: number;
  readonly recordsMax: number;
}

const WORD = 2 ** 32;
/** Bits of the second hash in a key: together a whole number that a double holds. */
const LOW = 2 ** 21;
const [SEED, OTHER_SEED] = [0x51ed270b, 0x2545f491];

export class LateLabels {
  readonly #limits: JoinLimits;
  readonly #records = new Map<number, Joined>();
  /** Ids whose hash is below are kept. */
  #limit = WORD;

  constructor(limits: JoinLimits) {
    this.#limits = limits;
  }

  /** Of all ids, the share that is kept: from 0 to 1. */
  get share(): number {
    return this.#limit / WORD;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Of a record that was scored twice the last result counts. */
  result(id: string, version: string, score: number, resultMs: number): void {
    const found = this.#recordOf(id);
    if (found !== null) Object.assign(found, { version, score, resultMs });
  }

  /** Of several labels the last one counts. */
  label(id: string, label: Label, labelMs: number): void {
    const found = this.#recordOf(id);
    if (found !== null) Object.assign(found, { label, labelMs });
  }

  #recordOf(id: string): Joined | null {
    const bytes = Buffer.from(id);
    const hash = murmur3(bytes, SEED);
    if (hash >= this.#limit) return null;
    const key = hash * LOW + (murmur3(bytes, OTHER_SEED) % LOW);
    const found = this.#records.get(key);
    if (found !== undefined) return found;
    const made = {
      version: null,
      score: Number.NaN,
      resultMs: Number.NaN,
      label: LABEL.absent,
      labelMs: Number.NaN,
    };
    this.#records.set(key, made);
    if (this.#records.size > this.#limits.recordsMax) this.#halve();
    return hash >= this.#limit ? null : made;
  }

  #halve(): void {
    this.#limit /= 2;
    for (const key of this.#records.keys()) if (key / LOW >= this.#limit) this.#records.delete(key);
  }

  /**
   * The figures of each version over the results of the last `withinMs`, the latest versions last.
   * Forgets what is older. A score above the threshold is decided for.
   */
  rows(nowMs: number, threshold: number | null): QualityRow[] {
    const { withinMs } = this.#limits;
    const quality = new LiveQuality(threshold);
    for (const [key, { version, score, resultMs, label, labelMs }] of this.#records) {
      if (nowMs - (version === null ? labelMs : resultMs) > withinMs) this.#records.delete(key);
      else if (version !== null)
        quality.add(version, resultMs, score, labelMs - resultMs > withinMs ? LABEL.absent : label);
    }
    return quality.rows().filter(({ day }) => day === null);
  }
}
