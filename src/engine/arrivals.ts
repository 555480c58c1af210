// Gathers what arrives in one turn of the event loop. One answer of a worker or of a broker ends
// several calls at once, and the engine is told of them in one message: a message costs a look at
// every lane.

import type { Arrival, Message } from './messages.ts';

/** One message for all of them, of which there is at least one. */
export function messageOf(arrivals: readonly Arrival[]): Message {
  const [one, ...more] = arrivals;
  return one === undefined || more.length > 0 ? { type: 'together', arrivals } : one;
}

export class Arrivals {
  readonly #tell: (message: Message) => void;
  #gathered: Arrival[] = [];

  constructor(tell: (message: Message) => void) {
    this.#tell = tell;
  }

  /** Tells it after the calls that end in the same turn. */
  add(arrival: Arrival): void {
    if (this.#gathered.push(arrival) > 1) return;
    queueMicrotask(() => {
      const message = messageOf(this.#gathered);
      this.#gathered = [];
      this.#tell(message);
    });
  }
}
