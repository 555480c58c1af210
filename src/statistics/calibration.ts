// Whether scores are probabilities: of the records with a score of about 0.3, three of ten should
// have the label.

const BINS = 10;

export interface CalibrationBin {
  readonly count: number;
  /** The mean of the scores, and the share of records with the label; NaN of an empty bin. */
  readonly meanScore: number;
  readonly positiveShare: number;
}

/** As it is kept in a file. */
export interface SavedCalibration {
  readonly counts: readonly number[];
  readonly positives: readonly number[];
  readonly sums: readonly number[];
  readonly squares: number;
}

/** Sums of scores with their labels, in bins of equal width from 0 to 1. They can be merged. */
export class Calibration {
  readonly #counts: number[];
  readonly #positives: number[];
  readonly #sums: number[];
  #squares: number;

  constructor(bins: number = BINS) {
    const zeros = new Array<number>(bins).fill(0);
    this.#counts = [...zeros];
    this.#positives = [...zeros];
    this.#sums = [...zeros];
    this.#squares = 0;
  }

  static from({ counts, positives, sums, squares }: SavedCalibration): Calibration {
    const calibration = new Calibration(counts.length);
    calibration.#add(counts, positives, sums, squares);
    return calibration;
  }

  /** Scores below 0 go into the first bin, those from 1 on into the last. */
  add(score: number, isPositive: boolean): void {
    const bins = this.#counts.length;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(score * bins)));
    this.#counts[bin] = (this.#counts[bin] as number) + 1;
    this.#sums[bin] = (this.#sums[bin] as number) + score;
    if (isPositive) this.#positives[bin] = (this.#positives[bin] as number) + 1;
    this.#squares += (score - Number(isPositive)) ** 2;
  }

  merge(other: Calibration): void {
    if (other.#counts.length !== this.#counts.length)
      throw new RangeError(`${this.#counts.length} and ${other.#counts.length} bins cannot be merged`);
    this.#add(other.#counts, other.#positives, other.#sums, other.#squares);
  }

  #add(
    counts: readonly number[],
    positives: readonly number[],
    sums: readonly number[],
    squares: number,
  ): void {
    for (let bin = 0; bin < counts.length; bin++) {
      this.#counts[bin] = (this.#counts[bin] as number) + (counts[bin] as number);
      this.#positives[bin] = (this.#positives[bin] as number) + (positives[bin] as number);
      this.#sums[bin] = (this.#sums[bin] as number) + (sums[bin] as number);
    }
    this.#squares += squares;
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  bins(): CalibrationBin[] {
    return this.#counts.map((count, bin) => ({
      count,
      meanScore: (this.#sums[bin] as number) / count,
      positiveShare: (this.#positives[bin] as number) / count,
    }));
  }

  /** The mean of (score - label)^2, from 0 to 1 (Brier, 1950). NaN of no records. */
  get brierScore(): number {
    return this.#squares / this.count;
  }

  /**
   * The mean, over all records, of the difference in their bin between the mean of the scores and
   * the share of positives, from 0 to 1 (Naeini, Cooper and Hauskrecht, 2015). NaN of no records.
   */
  get expectedError(): number {
    const parts = this.bins().map(({ count, meanScore, positiveShare }) =>
      count === 0 ? 0 : count * Math.abs(meanScore - positiveShare),
    );
    return parts.reduce((sum, part) => sum + part, 0) / this.count;
  }

  saved(): SavedCalibration {
    return {
      counts: [...this.#counts],
      positives: [...this.#positives],
      sums: [...this.#sums],
      squares: this.#squares,
    };
  }
}
