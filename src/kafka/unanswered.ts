// Which brokers owe an answer to a fetch. A broker that hangs closes no connection: requests to it
// wait for their time-out, are made again, and wait again.

/** Beyond what the broker may wait by itself. A pause of its collector is shorter. */
const LONG_MS = 10_000;

interface Owed {
  /** Since when an answer is due. */
  readonly dueMs: number;
  /** When the last try ended; null while one is under way. */
  endedMs: number | null;
}

export class Unanswered {
  readonly #nowMs: () => number;
  readonly #owed = new Map<number, Owed>();

  constructor(nowMs = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A try begins: what it has to wait for first belongs to it. */
  begins(broker: number): void {
    const owed = this.#owed.get(broker);
    if (owed === undefined) return;
    if (this.#isOver(owed)) this.#owed.delete(broker);
    else owed.endedMs = null;
  }

  /** The broker is asked, and may wait for so long. */
  asked(broker: number, waitMs: number): void {
    if (!this.#owed.has(broker)) this.#owed.set(broker, { dueMs: this.#nowMs() + waitMs, endedMs: null });
  }

  /** It has answered, if only with an error, or is not asked for anything. */
  answered(broker: number): void {
    this.#owed.delete(broker);
  }

  /** The try has ended. */
  ends(broker: number): void {
    const owed = this.#owed.get(broker);
    if (owed !== undefined) owed.endedMs = this.#nowMs();
  }

  /** Nobody waits for an answer any more. */
  clear(): void {
    this.#owed.clear();
  }

  /** Null where none is late. */
  get inWords(): string | null {
    const nowMs = this.#nowMs();
    const late = [...this.#owed].filter(([, owed]) => nowMs - owed.dueMs > LONG_MS && !this.#isOver(owed));
    if (late.length === 0) return null;
    const [which, has] = late.length === 1 ? ['broker', 'has'] : ['brokers', 'have'];
    const ids = late.map(([broker]) => broker).join(', ');
    return `${which} ${ids} ${has} not answered for more than ${LONG_MS / 1_000} s`;
  }

  /** One that is not asked any more leads nothing of ours now. */
  #isOver({ endedMs }: Owed): boolean {
    return endedMs !== null && this.#nowMs() - endedMs > LONG_MS;
  }
}
