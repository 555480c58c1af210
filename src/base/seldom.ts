// For log lines that repeat very often: each is logged only from time to time.

/** The same line is logged again after this time. */
const AGAIN_AFTER_MS = 10_000;
/** How many lines are remembered: an error may have another number in it each time. */
const LINES_MAX = 200;

interface Told {
  readonly atMs: number;
  repeats: number;
}

export class Seldom {
  readonly #nowMs: () => number;
  readonly #lines = new Map<string, Told>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /**
   * How often the line was held back since it was last logged; null if it must be held back now.
   */
  repeatsOf(line: string): number | null {
    const told = this.#lines.get(line);
    if (told !== undefined && this.#nowMs() - told.atMs < AGAIN_AFTER_MS) {
      told.repeats++;
      return null;
    }
    if (this.#lines.size >= LINES_MAX) this.#lines.clear();
    this.#lines.set(line, { atMs: this.#nowMs(), repeats: 0 });
    return told?.repeats ?? 0;
  }
}
