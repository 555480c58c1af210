// The texts in the rows of a thread. A row has cells of four bytes, and a text has no fixed length:
// its cell holds its place in this table. A task forgets them once its rows are predicted.

export class Texts {
  #texts: string[] = [];

  /** Where the text stands from now on. */
  add(text: string): number {
    return this.#texts.push(text) - 1;
  }

  /** Throws `RangeError` for a place that nothing was put into. */
  at(place: number): string {
    const text = this.#texts[place];
    if (text === undefined) throw new RangeError(`no text at ${place}, there are ${this.#texts.length}`);
    return text;
  }

  clear(): void {
    if (this.#texts.length > 0) this.#texts = [];
  }
}

/** Those of this thread: rows and texts of one thread belong together. */
export const texts = new Texts();
