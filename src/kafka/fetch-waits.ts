// How long a fetch waits at the broker when it finds nothing. While nothing comes, the waits grow:
// an empty fetch costs as much as a full one. A record ends any of them at once.

import { after } from '../time/timer.ts';

const FIRST_MS = 100;
const LONGEST_MS = 500;

export interface FetchWaitsOptions {
  /** What the user wants: then nothing grows. */
  readonly fixedMs: number | undefined;
  /** With more than one byte a fetch may wait although there are records. */
  readonly bytesMin: number;
  readonly heartbeatMs: number;
}

export class FetchWaits {
  readonly #firstMs: number;
  readonly #longestMs: number;
  /** The next wait, by broker. */
  readonly #nextMs = new Map<number, number>();
  #wake = Promise.withResolvers<void>();

  constructor({ fixedMs, bytesMin, heartbeatMs }: FetchWaitsOptions) {
    this.#firstMs = fixedMs ?? FIRST_MS;
    // A member that waits at the broker sends no heartbeats.
    const longestMs = Math.max(FIRST_MS, Math.min(LONGEST_MS, heartbeatMs));
    this.#longestMs = fixedMs ?? (bytesMin > 1 ? FIRST_MS : longestMs);
  }

  /**
   * For the next fetch of a broker; `isWhole` when it asks for all partitions there. Otherwise one
   * of them may be resumed meanwhile, and would have to wait for the end of the fetch.
   */
  of(broker: number, isWhole: boolean): number {
    return isWhole ? (this.#nextMs.get(broker) ?? this.#firstMs) : this.#firstMs;
  }

  /** What a fetch of that broker has brought. */
  ended(broker: number, isEmpty: boolean): void {
    const ms = this.#nextMs.get(broker) ?? this.#firstMs;
    this.#nextMs.set(broker, isEmpty ? Math.min(2 * ms, this.#longestMs) : this.#firstMs);
  }

  /** A partition was resumed, or its position moved: there may be something to fetch. */
  wake(): void {
    this.#nextMs.clear();
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** In place of a fetch, where a broker cannot be asked for anything. Ends with a wake. */
  async idle(broker: number): Promise<void> {
    const ms = this.of(broker, true);
    this.ended(broker, true);
    const over = Promise.withResolvers<void>();
    const cancel = after(ms, over.resolve);
    await Promise.race([over.promise, this.#wake.promise]);
    cancel();
  }
}
