// A lane's account of what is in flight, oldest first. It knows what may be produced next, which is
// always the oldest and only when scored (invariant 2), and what may be committed: everything below
// the oldest that is not acknowledged (invariant 1).

import { strict as assert } from 'node:assert';
import type { NextOffset } from '../log/offset.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import { merge } from '../scoring/merge.ts';
import type { ScoredMicroBatch } from '../scoring/scored-micro-batch.ts';

type Stage =
  | { readonly name: 'scoring' }
  | { readonly name: 'scored'; readonly scored: ScoredMicroBatch }
  | { readonly name: 'producing'; readonly scored: ScoredMicroBatch }
  | { readonly name: 'failed' };

export interface Entry {
  readonly id: number;
  readonly first: NextOffset;
  readonly next: NextOffset;
  readonly bytes: number;
  /**
   * What it answers, until that is acknowledged: records whose results are refused become dead
   * letters.
   */
  readonly batches: readonly RawRecordBatch[];
  /** Whether producing it was begun, ever. */
  tried: boolean;
  stage: Stage;
}

/** As it is written down. */
export interface SavedLedger {
  readonly entries: readonly Entry[];
  readonly bytes: number;
  readonly done: NextOffset;
  readonly committable: NextOffset;
  readonly committed: NextOffset;
  readonly owesFirst: boolean;
}

export class Ledger {
  #entries: Entry[] = [];
  #bytes = 0;
  /**
   * Where the next micro-batch to be struck off begins: at the committable offset, or before it
   * while a state is fed.
   */
  #done: NextOffset;
  /** Every record below has its result or dead letter acknowledged. */
  #committable: NextOffset;
  /** The log has confirmed that a restart begins here. */
  #committed: NextOffset;
  /** Nothing was committed at all, or not so as it should be. */
  #owesFirst: boolean;

  constructor(position: NextOffset, uncommitted = false) {
    this.#done = position;
    this.#committable = position;
    this.#committed = position;
    this.#owesFirst = uncommitted;
  }

  static restored({ entries, bytes, done, committable, committed, owesFirst }: SavedLedger): Ledger {
    const ledger = new Ledger(committed, owesFirst);
    ledger.#entries = [...entries];
    ledger.#bytes = bytes;
    ledger.#done = done;
    ledger.#committable = committable;
    return ledger;
  }

  /** Not a copy: its list of entries, and these, are the ledger's own. */
  saved(): SavedLedger {
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      done: this.#done,
      committable: this.#committable,
      committed: this.#committed,
      owesFirst: this.#owesFirst,
    };
  }

  /** Whether there is something to commit. */
  get owes(): boolean {
    return this.#owesFirst || this.#committable > this.#committed;
  }

  /** Where the next micro-batch begins. */
  get opened(): NextOffset {
    return this.#entries.at(-1)?.next ?? this.#done;
  }

  get done(): NextOffset {
    return this.#done;
  }

  get committable(): NextOffset {
    return this.#committable;
  }

  get committed(): NextOffset {
    return this.#committed;
  }

  get inFlight(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Entry | undefined {
    return this.#entries[0];
  }

  /** Takes a micro-batch into the account. It begins where the one before ended. */
  open(entry: Omit<Entry, 'tried' | 'stage'>): void {
    assert.equal(entry.first, this.opened, `micro-batch ${entry.id} leaves a gap in the ledger`);
    assert.ok(entry.next > entry.first, `micro-batch ${entry.id} covers no offset`);
    this.#entries.push({ ...entry, tried: false, stage: { name: 'scoring' } });
    this.#bytes += entry.bytes;
  }

  find(id: number): Entry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  scored(id: number, scored: ScoredMicroBatch): void {
    const entry = this.#expect(id, 'scoring');
    entry.stage = { name: 'scored', scored };
  }

  failed(id: number): void {
    this.#expect(id, 'scoring').stage = { name: 'failed' };
  }

  /**
   * The oldest micro-batch, if it is scored and nothing of this lane is being produced: marked as
   * being produced. `together` with it go those behind it that are scored too.
   */
  takeProducible(together = false): { readonly entry: Entry; readonly scored: ScoredMicroBatch } | undefined {
    if (together) this.#join();
    const [entry] = this.#entries;
    if (entry === undefined || entry.stage.name !== 'scored') return undefined;
    const { scored } = entry.stage;
    entry.stage = { name: 'producing', scored };
    entry.tried = true;
    return { entry, scored };
  }

  /**
   * Makes one of the oldest and all behind it that are scored too. What was tried stays as it was:
   * it may have been written after all.
   */
  #join(): void {
    const [oldest] = this.#entries;
    if (oldest === undefined || oldest.tried) return;
    const end = this.#entries.findIndex(({ stage }) => stage.name !== 'scored');
    const joined = end < 0 ? this.#entries : this.#entries.slice(0, end);
    if (joined.length < 2) return;
    const scored = joined
      .flatMap(({ stage }) => (stage.name === 'scored' ? [stage.scored] : []))
      .reduce(merge);
    this.#entries.splice(0, joined.length, {
      id: oldest.id,
      first: oldest.first,
      next: joined.at(-1)?.next ?? oldest.next,
      bytes: joined.reduce((sum, { bytes }) => sum + bytes, 0),
      batches: joined.flatMap(({ batches }) => batches),
      tried: false,
      stage: { name: 'scored', scored },
    });
  }

  /** The oldest was not acknowledged: it goes back to be produced again. */
  notProduced(id: number): void {
    const entry = this.#expect(id, 'producing');
    assert.ok(entry.stage.name === 'producing');
    entry.stage = { name: 'scored', scored: entry.stage.scored };
  }

  /** Records of the oldest were refused: it is to be produced without them. */
  mended(id: number, scored: ScoredMicroBatch): void {
    this.#expect(id, 'producing').stage = { name: 'scored', scored };
  }

  /** Strikes the oldest off: all of its results and dead letters are acknowledged. */
  acknowledged(id: number): Entry {
    const entry = this.#expect(id, 'producing');
    assert.equal(entry, this.#entries[0], `micro-batch ${id} was acknowledged before an older one`);
    this.#entries.shift();
    this.#bytes -= entry.bytes;
    this.#done = entry.next;
    if (entry.next > this.#committable) this.#committable = entry.next;
    return entry;
  }

  /** The log confirmed a commit. Confirmations may arrive out of order. */
  confirmed(next: NextOffset): void {
    assert.ok(next <= this.#committable, `${next} was committed, but only ${this.#committable} may be`);
    this.#owesFirst = false;
    if (next > this.#committed) this.#committed = next;
  }

  /** Forgets all that is in flight: it will be read and scored again from `committable`. */
  abandon(): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#done = this.#committable;
  }

  /** Begins before what is answered already: that is fed to a state, and not committed again. */
  feedFrom(from: NextOffset): void {
    assert.equal(this.#entries.length, 0, 'a state is fed while micro-batches are in flight');
    assert.ok(from <= this.#committable, `a state stands at ${from}, later than ${this.#committable}`);
    this.#done = from;
  }

  #expect(id: number, name: Stage['name']): Entry {
    const entry = this.find(id);
    assert.ok(entry, `micro-batch ${id} is not in the ledger`);
    assert.equal(entry.stage.name, name, `micro-batch ${id} is at the wrong stage`);
    return entry;
  }
}
