// A histogram as Prometheus has it: fixed bounds, counts and a sum that only grow. To add a value
// costs some nanoseconds, and there are a few for each micro-batch.

/** Seconds, for everything from a decode to a broker that is away for a while. */
export const SECONDS_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

export class Buckets {
  readonly bounds: readonly number[];
  /** By bound, and in the last place what is above all of them. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** `count` times that value. */
  add(value: number, count = 1): void {
    let place = 0;
    while (place < this.bounds.length && value > (this.bounds[place] as number)) place++;
    this.counts[place] = (this.counts[place] as number) + count;
    this.sum += value * count;
  }
}
