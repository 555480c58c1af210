// The values that a walk over a value of Avro has found, in flat arrays.

export const [ABSENT, NUMBER, OTHER] = [0, 1, 2];

/** By place: a number, another value, or nothing. */
export class Found {
  readonly kinds: Uint8Array;
  readonly numbers: Float64Array;
  readonly values: unknown[];

  constructor(places: number) {
    this.kinds = new Uint8Array(places);
    this.numbers = new Float64Array(places);
    this.values = Array.from({ length: places });
  }

  isNumber(place: number): boolean {
    return this.kinds[place] === NUMBER;
  }

  valueAt(place: number): unknown {
    if (this.kinds[place] === NUMBER) return this.numbers[place];
    return this.kinds[place] === OTHER ? this.values[place] : undefined;
  }
}
