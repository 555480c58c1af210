// Whether a thread has grown so much that another should take its place. The states of its lanes do
// not count, and neither does the garbage of building them up: a new thread would build up the same
// states and leave the same garbage, and be replaced again and again. So only what is left after
// the garbage is collected counts, compared with the time when its states were last as large.

import type { GrowthLimits } from '../worker-protocol/messages.ts';
import type { ThreadUsage } from '../worker-protocol/thread-usage.ts';

/**
 * States that have grown by this share leave traces in a heap: lists and tables beside their
 * arrays.
 */
const HELD_SHARE = 1 / 8;
/**
 * To collect takes some ten milliseconds: a thread whose heap goes up and down should not do it all
 * the time.
 */
const COLLECT_EVERY_MS = 1_000;

export interface GrowthParts {
  readonly limits: GrowthLimits;
  /** Collects the garbage, and says what is in use then. */
  readonly collected: () => number;
  readonly nowMs: () => number;
}

export class Growth {
  readonly #parts: GrowthParts;
  /** The usage to compare with. */
  #first: ThreadUsage | null = null;
  #collectedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: GrowthParts) {
    this.#parts = parts;
  }

  /** From now on compares with what the thread holds now. */
  begin(): void {
    this.#first = null;
  }

  /**
   * Why the thread should be replaced; null when it need not be. `feeding`: a state was being built
   * up meanwhile.
   */
  check(now: ThreadUsage, feeding: boolean): string | null {
    const first = this.#first;
    if (first === null || feeding || now.heldBytes > first.heldBytes * (1 + HELD_SHARE)) {
      // Tensors belong to no state.
      this.#first = { ...now, tensors: first?.tensors ?? now.tensors };
      if (first === null) return null;
    }
    const { bytesMax, tensorsMax } = this.#parts.limits;
    const tensors = now.tensors - (first?.tensors ?? 0);
    if (tensors > tensorsMax) return `grew by ${tensors} tensors, scoring.growthTensors allows ${tensorsMax}`;
    const before = this.#first as ThreadUsage;
    const nowMs = this.#parts.nowMs();
    if (now.bytes - before.bytes <= bytesMax || nowMs - this.#collectedAtMs < COLLECT_EVERY_MS) return null;
    this.#collectedAtMs = nowMs;
    const bytes = this.#parts.collected() - before.bytes;
    if (bytes <= bytesMax) return null;
    return `grew by ${bytes} bytes, scoring.growthBytes allows ${bytesMax}`;
  }
}
