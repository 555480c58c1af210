// Record timestamps of a micro-batch in few numbers, so that latency can be measured for every
// record without a value per record crossing between threads. Neighbours with the same millisecond
// make one run; past the limit, later records join the last run, which keeps its earliest
// timestamp: latency is then overstated, never understated.

import type { TimestampRuns } from '../scoring/outcome.ts';

const RUNS_MAX = 64;

export class TimestampCollector {
  readonly #timestampsMs: number[] = [];
  readonly #counts: number[] = [];

  add(timestampMs: number): void {
    const last = this.#timestampsMs.length - 1;
    if (last >= 0 && (this.#timestampsMs[last] === timestampMs || last === RUNS_MAX - 1)) {
      this.#timestampsMs[last] = Math.min(this.#timestampsMs[last] as number, timestampMs);
      this.#counts[last] = (this.#counts[last] as number) + 1;
      return;
    }
    this.#timestampsMs.push(timestampMs);
    this.#counts.push(1);
  }

  runs(): TimestampRuns {
    return { timestampsMs: this.#timestampsMs, counts: this.#counts };
  }
}
