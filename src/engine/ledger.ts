// A lane's account of its micro-batches in flight, oldest first. It knows which may be produced
// next: always the oldest, and only when it is scored (invariant 2). It knows what may be
// committed: every offset below the oldest micro-batch that is not acknowledged (invariant 1).

import { strict as assert } from 'node:assert';
import type { NextOffset } from '../log/offset.ts';
import type { RawRecordBatch } from '../log/record-batch.ts';
import { merge } from '../scoring/merge.ts';
import type { Outcome } from '../scoring/outcome.ts';

type Stage =
  | { readonly name: 'scoring' }
  | { readonly name: 'scored'; readonly outcome: Outcome }
  | { readonly name: 'producing'; readonly outcome: Outcome }
  | { readonly name: 'failed' };

export interface Entry {
  readonly id: number;
  readonly first: NextOffset;
  readonly next: NextOffset;
  readonly bytes: number;
  /** When the oldest of its records came from the log. */
  readonly arrivedAtMs: number;
  /**
   * The records of the micro-batch, kept until it is acknowledged: those whose results are refused
   * become dead letters.
   */
  readonly batches: readonly RawRecordBatch[];
  /** Of the model that scores it. */
  readonly deployment?: string | undefined;
  /** Whether it was ever tried to produce it. */
  tried: boolean;
  stage: Stage;
}

/** The ledger as a dump holds it. */
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
   * Where the next micro-batch begins that will be struck off: at the committable offset, or before
   * it while a state is fed.
   */
  #done: NextOffset;
  /** Each record below this offset has its result or dead letter acknowledged. */
  #committable: NextOffset;
  /** The log has confirmed that a restart begins here. */
  #committed: NextOffset;
  /** Nothing was committed yet, or the metadata of the commit must be written anew. */
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

  /** No copy: the list and its entries are the ledger's own. */
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

  /** Adds a micro-batch. It must begin where the micro-batch before it ends. */
  open(entry: Omit<Entry, 'tried' | 'stage'>): void {
    assert.equal(entry.first, this.opened, `micro-batch ${entry.id} leaves a gap in the ledger`);
    assert.ok(entry.next > entry.first, `micro-batch ${entry.id} covers no offset`);
    this.#entries.push({ ...entry, tried: false, stage: { name: 'scoring' } });
    this.#bytes += entry.bytes;
  }

  /** Whether something in flight is scored by that version. */
  has(deployment: string): boolean {
    return this.#entries.some((entry) => entry.deployment === deployment);
  }

  find(id: number): Entry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  scored(id: number, outcome: Outcome): void {
    const entry = this.#expect(id, 'scoring');
    entry.stage = { name: 'scored', outcome };
  }

  failed(id: number): void {
    this.#expect(id, 'scoring').stage = { name: 'failed' };
  }

  /**
   * The oldest micro-batch, if it is scored and this lane produces nothing else now. It is marked
   * as being produced. With `together`, the scored micro-batches behind it are produced with it.
   */
  takeProducible(together = false): { readonly entry: Entry; readonly outcome: Outcome } | undefined {
    if (together) this.#join();
    const [entry] = this.#entries;
    if (entry === undefined || entry.stage.name !== 'scored') return undefined;
    const { outcome } = entry.stage;
    entry.stage = { name: 'producing', outcome };
    entry.tried = true;
    return { entry, outcome };
  }

  /**
   * Joins the oldest micro-batch with the scored ones behind it, of the same version. A micro-batch
   * that was tried stays as it was: perhaps it was written.
   */
  #join(): void {
    const [oldest] = this.#entries;
    if (oldest === undefined || oldest.tried) return;
    const end = this.#entries.findIndex(
      ({ stage, deployment }) => stage.name !== 'scored' || deployment !== oldest.deployment,
    );
    const joined = end < 0 ? this.#entries : this.#entries.slice(0, end);
    if (joined.length < 2) return;
    const outcome = joined
      .flatMap(({ stage }) => (stage.name === 'scored' ? [stage.outcome] : []))
      .reduce(merge);
    this.#entries.splice(0, joined.length, {
      id: oldest.id,
      first: oldest.first,
      next: joined.at(-1)?.next ?? oldest.next,
      bytes: joined.reduce((sum, { bytes }) => sum + bytes, 0),
      arrivedAtMs: oldest.arrivedAtMs,
      batches: joined.flatMap(({ batches }) => batches),
      deployment: oldest.deployment,
      tried: false,
      stage: { name: 'scored', outcome },
    });
  }

  /** The oldest was not acknowledged: it will be produced again. */
  notProduced(id: number): void {
    const entry = this.#expect(id, 'producing');
    assert.ok(entry.stage.name === 'producing');
    entry.stage = { name: 'scored', outcome: entry.stage.outcome };
  }

  /** Results of the oldest were refused: it will be produced with dead letters in their place. */
  mended(id: number, outcome: Outcome): void {
    this.#expect(id, 'producing').stage = { name: 'scored', outcome };
  }

  /** Strikes off the oldest: all its results and dead letters are acknowledged. */
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

  /** Forgets everything in flight: it will be read and scored again, from `committable` on. */
  abandon(): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#done = this.#committable;
  }

  /**
   * Begins at an earlier offset: the records that already have their answers are only fed to a
   * state, and not committed again.
   */
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
