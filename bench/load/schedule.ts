// When each record of a load is due: at a steady rate, and with a burst at the start of every
// second if that is asked for.

export class Schedule {
  readonly #recordsPerSecond: number;
  readonly #burst: number;
  readonly #inSecond: number;

  /** `burst`: so many records more are due together at the start of every second. */
  constructor(recordsPerSecond: number, burst = 0) {
    this.#recordsPerSecond = recordsPerSecond;
    this.#burst = burst;
    this.#inSecond = recordsPerSecond + burst;
  }

  /** When a record is due, in milliseconds after the start. Records are numbered from 0. */
  dueMs(number: number): number {
    const second = Math.floor(number / this.#inSecond);
    const place = number - second * this.#inSecond;
    return second * 1000 + (Math.max(0, place - this.#burst) * 1000) / this.#recordsPerSecond;
  }

  /** How many records are due in the first so many milliseconds. */
  countBefore(elapsedMs: number): number {
    if (elapsedMs <= 0) return 0;
    const second = Math.ceil(elapsedMs / 1000) - 1;
    const inSecond = ((elapsedMs - second * 1000) * this.#recordsPerSecond) / 1000;
    return Math.ceil(second * this.#inSecond + this.#burst + inSecond);
  }
}
