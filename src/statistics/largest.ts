// The largest of any number of things, in the memory of a few.

/** Keeps the largest by `compare`, which is as that of `Array.sort` and tells all things apart. */
export class Largest<Thing> {
  readonly #most: number;
  readonly #compare: (left: Thing, right: Thing) => number;
  /** The largest first. */
  readonly #kept: Thing[] = [];

  constructor(most: number, compare: (left: Thing, right: Thing) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  /** The largest first. */
  get kept(): readonly Thing[] {
    return this.#kept;
  }

  add(thing: Thing): void {
    const kept = this.#kept;
    const least = kept.at(-1);
    if (kept.length >= this.#most && (least === undefined || this.#compare(thing, least) <= 0)) return;
    let place = kept.length;
    while (place > 0 && this.#compare(thing, kept[place - 1] as Thing) > 0) place--;
    kept.splice(place, 0, thing);
    if (kept.length > this.#most) kept.pop();
  }
}
