// How much requests may hold at one time: the bytes of their bodies, from the first one on, and the
// records in them. What does not fit is told to come again; a stream never waits for requests that
// pile up.

import { Problem } from './problem.ts';

/** A queue of the default size is done sooner. */
const QUEUE_FULL = [{ 'retry-after': '1' }, {}, 'queue_full'] as const;

export interface RoomLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** What a request holds; `leave` gives it back, once. */
export interface Held {
  records: number;
  bytes: number;
}

/** Records, and bytes. */
const COUNTERS = 2;

export class Room {
  readonly #limits: RoomLimits;
  readonly #held: Float64Array;

  /** `memory` may be read by another thread meanwhile, by a `Room` of its own. */
  constructor(limits: RoomLimits, memory: SharedArrayBuffer = Room.memory()) {
    this.#limits = limits;
    this.#held = new Float64Array(memory);
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(COUNTERS * Float64Array.BYTES_PER_ELEMENT);
  }

  get records(): number {
    return this.#held[0] as number;
  }

  get bytes(): number {
    return this.#held[1] as number;
  }

  /** A body of so many bytes comes. Where there is none, any is taken. Throws a `Problem`. */
  enter(bytes: number): Held {
    const { bytesMax } = this.#limits;
    if (this.bytes > 0 && this.bytes + bytes > bytesMax)
      throw new Problem(
        503,
        `${this.bytes} bytes wait, expected at most ${bytesMax} with this one (http.queueBytes): ask again later`,
        ...QUEUE_FULL,
      );
    this.#add(0, bytes);
    return { records: 0, bytes };
  }

  /** It has so many records, or rows. Throws a `Problem`. */
  take(held: Held, records: number): void {
    const { recordsMax } = this.#limits;
    if (records > recordsMax)
      throw new Problem(
        413,
        `${records} records, expected at most ${recordsMax} in a request (http.queueRecords): send several requests`,
        {},
        {},
        'too_many_records',
      );
    if (this.records + records > recordsMax)
      throw new Problem(
        503,
        `${this.records} records wait, expected at most ${recordsMax} with these ${records} (http.queueRecords): ask again later`,
        ...QUEUE_FULL,
      );
    this.#add(records, 0);
    held.records += records;
  }

  /** Its records are counted anew. */
  giveBack(held: Held): void {
    this.#add(-held.records, 0);
    held.records = 0;
  }

  leave(held: Held): void {
    this.giveBack(held);
    this.#add(0, -held.bytes);
    held.bytes = 0;
  }

  #add(records: number, bytes: number): void {
    this.#held[0] = this.records + records;
    this.#held[1] = this.bytes + bytes;
  }
}
