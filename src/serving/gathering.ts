// What requests bring while no thread is free, in the order in which it came. It is closed when a
// thread asks: so single requests are scored together, and a lone one waits for nobody. It owns no
// timer and no thread.

/** So much of a micro-batch. */
export interface Sized {
  readonly records: number;
  readonly bytes: number;
}

export class Gathering<Piece extends Sized> {
  #waiting: Piece[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  add(piece: Piece): void {
    this.#waiting.push(piece);
  }

  /**
   * The pieces of the next micro-batch, without those that nobody wants any more. It has no more
   * than `most`, unless its first piece alone does.
   */
  close(most: Sized, isWanted: (piece: Piece) => boolean): readonly Piece[] {
    const closed: Piece[] = [];
    let [records, bytes, index] = [0, 0, 0];
    for (; index < this.#waiting.length; index++) {
      const piece = this.#waiting[index] as Piece;
      if (!isWanted(piece)) continue;
      const isFull = records + piece.records > most.records || bytes + piece.bytes > most.bytes;
      if (isFull && closed.length > 0) break;
      closed.push(piece);
      records += piece.records;
      bytes += piece.bytes;
    }
    this.#waiting = this.#waiting.slice(index);
    return closed;
  }

  /** All that waits is given up. */
  clear(): readonly Piece[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
