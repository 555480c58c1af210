// Which brokers owe an answer to a fetch. A broker that hangs closes no connection: requests to it
// wait for their time-out, are made again, and wait again.

/** Beyond what the broker may wait by itself. A pause of its collector is shorter. */
const LONG_MS = 10_000;

interface Owed {
  /** Since when an answer is due. */
  readonly dueMs: number;
  /** When the last try ended without an answer; null while one is under way. */
  triedMs: number | null;
}

export class Unanswered {
  readonly #nowMs: () => number;
  readonly #owed = new Map<number, Owed>();

  constructor(nowMs = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A broker is asked, and may wait for so long. */
  asked(broker: number, waitMs: number): void {
    const owed = this.#owed.get(broker);
    if (owed === undefined) this.#owed.set(broker, { dueMs: this.#nowMs() + waitMs, triedMs: null });
    else owed.triedMs = null;
  }

  /** It has answered, if only with an error, or is not asked for anything. */
  answered(broker: number): void {
    this.#owed.delete(broker);
  }

  /** A try has ended without an answer. */
  failed(broker: number): void {
    const owed = this.#owed.get(broker);
    if (owed !== undefined) owed.triedMs = this.#nowMs();
  }

  /** Nobody waits for an answer any more. */
  clear(): void {
    this.#owed.clear();
  }

  /** Null where none is late. One that is not asked any more leads nothing of ours now. */
  get inWords(): string | null {
    const nowMs = this.#nowMs();
    const late = [...this.#owed].filter(
      ([, { dueMs, triedMs }]) => nowMs - dueMs > LONG_MS && nowMs - (triedMs ?? nowMs) <= LONG_MS,
    );
    if (late.length === 0) return null;
    const [which, has] = late.length === 1 ? ['broker', 'has'] : ['brokers', 'have'];
    const ids = late.map(([broker]) => broker).join(', ');
    return `${which} ${ids} ${has} not answered for more than ${LONG_MS / 1_000} s`;
  }
}
