// How long requests rest between two turns at the threads. The main thread has micro-batches of
// requests scored, and moves the stream too: where both need it, requests leave a part of it free,
// so that a record of the stream does not wait behind them. Those that wait meanwhile are scored
// together.

/** Above this share of its time the main thread is too busy: queues grow fast from here on. */
const BUSY_MAX = 0.6;
/** Below this one there is room for more. */
const BUSY_MIN = 0.5;
/** A flood of requests is slowed to 20 turns a second, and not stopped: a turn scores thousands. */
const REST_MS_MAX = 50;
const REST_MS_MIN = 0.5;
const [LONGER, SHORTER] = [1.5, 0.97];
/** So often it is looked, and for so long a stream that was at work is taken to be. */
const [LOOK_EVERY_MS, STREAM_MS] = [50, 1_000];

/** The next rest, after one of `restMs` with which the main thread was busy for that share. */
export function nextRest(restMs: number, busy: number): number {
  if (busy > BUSY_MAX) return Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, restMs) * LONGER);
  if (busy >= BUSY_MIN) return restMs;
  return restMs * SHORTER < REST_MS_MIN ? 0 : restMs * SHORTER;
}

export interface RestOptions {
  /** Milliseconds for which the main thread was busy, and idle, so far. */
  readonly loop: () => { readonly active: number; readonly idle: number };
  /** Grows while a stream is at work. */
  readonly streamed: () => number;
}

export class RequestRest {
  readonly #options: RestOptions;
  #restMs = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #streamedMs = Number.NEGATIVE_INFINITY;
  #streamed: number;
  #loop: { readonly active: number; readonly idle: number };

  constructor(options: RestOptions) {
    this.#options = options;
    this.#streamed = options.streamed();
    this.#loop = options.loop();
  }

  /** None where no stream is at work. */
  at(nowMs: number): number {
    if (nowMs - this.#lookedMs >= LOOK_EVERY_MS) this.#look(nowMs);
    return this.#restMs;
  }

  #look(nowMs: number): void {
    this.#lookedMs = nowMs;
    const { active, idle } = this.#options.loop();
    const [busyMs, idleMs] = [active - this.#loop.active, idle - this.#loop.idle];
    this.#loop = { active, idle };
    const streamed = this.#options.streamed();
    if (streamed !== this.#streamed) this.#streamedMs = nowMs;
    this.#streamed = streamed;
    const isStreaming = nowMs - this.#streamedMs < STREAM_MS;
    this.#restMs = isStreaming ? nextRest(this.#restMs, busyMs / Math.max(1, busyMs + idleMs)) : 0;
  }
}
