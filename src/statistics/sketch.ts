// A distribution in bounded memory, from any number of values. Values are counted in buckets whose
// bounds are fixed: a bucket is what floats with the same sign, exponent and leading bits of the
// significand share. So two sketches are merged by adding counts, in any order and with the same
// result; and the share of values below the bound of a bucket is exact. The one float of these that
// has no other bits set (zero, small whole numbers, halves) is a bucket of its own: of such values
// everything is exact.

/** Bits of the significand that tell buckets apart: see `relativeError`. */
const BITS = 8;
/** Of a float32: beyond that there is nothing to tell apart. */
const SIGNIFICAND_BITS = 23;
/** One page of buckets for each sign and exponent of a float32, so many bits. */
const PAGE_BITS = 9;
const SIGN = 0x8000_0000;

export interface Bucket {
  /** Its values, in float32, are from `from` on, and below `to`. */
  readonly from: number;
  readonly to: number;
  /** All its values are `from`. */
  readonly isPoint: boolean;
  readonly count: number;
}

/** As it is kept in a file. */
export interface SavedSketch {
  readonly bits: number;
  readonly nan: number;
  /** Null where there are no values, or where it is infinite. */
  readonly min: number | null;
  readonly max: number | null;
  /** Each bucket with values, by its place in ascending order: place and count in turn. */
  readonly buckets: readonly number[];
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** Floats in ascending order as whole numbers in ascending order. */
const placeOf = (value: number): number => {
  // To add 0 makes one zero of both.
  float[0] = value + 0;
  const found = word[0] as number;
  return (found & SIGN ? ~found : found | SIGN) >>> 0;
};

const valueAtPlace = (place: number): number => {
  word[0] = place & SIGN ? place & ~SIGN : ~place;
  const found = (float[0] as number) + 0;
  // The places after infinity belong to no number.
  return Number.isNaN(found) ? Number.POSITIVE_INFINITY : found;
};

/** Of a bucket that reaches to infinity it is its beginning. */
const middleOf = ({ from, to, isPoint }: Bucket): number =>
  isPoint || to === Number.POSITIVE_INFINITY ? from : from + (to - from) / 2;

/**
 * Counts, by value, in at most 2^(bits + 13) bytes: a page of 2^(bits + 4) bytes for each power of
 * two that occurs, of either sign. Values are rounded to float32, so larger ones count as infinite.
 */
export class Sketch {
  readonly bits: number;
  readonly #shift: number;
  /** The bits that the values of a bucket do not share. */
  readonly #rest: number;
  readonly #pages: (Float64Array | undefined)[] = new Array(2 ** PAGE_BITS);
  #count = 0;
  #nan = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** `bits`: from 1 to 16. */
  constructor(bits: number = BITS) {
    if (!Number.isInteger(bits) || bits < 1 || bits > 16)
      throw new RangeError(`bits of a sketch: expected a whole number from 1 to 16, found ${bits}`);
    this.bits = bits;
    this.#shift = SIGNIFICAND_BITS - bits;
    this.#rest = 2 ** this.#shift - 1;
  }

  /** Of all values but NaN. */
  get count(): number {
    return this.#count;
  }

  get nan(): number {
    return this.#nan;
  }

  /** Exact; infinite where there are no values: then it is above the maximum. */
  get min(): number {
    return this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /**
   * A quantile differs from the value that has this rank by at most this part of it, 2^-(bits + 1),
   * or by 2^-126, which is where float32 loses bits. That of a point is exact.
   */
  get relativeError(): number {
    return 2 ** -(this.bits + 1);
  }

  /** `count` times that value. */
  add(value: number, count = 1): void {
    if (Number.isNaN(value)) {
      this.#nan += count;
      return;
    }
    this.#addTo(this.#bucketOf(placeOf(value)), count);
    if (value < this.#min) this.#min = value + 0;
    if (value > this.#max) this.#max = value + 0;
  }

  /** In ascending order. Above zero the point of the shared bits comes first, below zero last. */
  #bucketOf(place: number): number {
    const rest = place & this.#rest;
    const isSecond = place & SIGN ? rest !== 0 : rest === this.#rest;
    return (place >>> this.#shift) * 2 + Number(isSecond);
  }

  #addTo(bucket: number, count: number): void {
    const number = bucket >>> (this.bits + 1);
    let page = this.#pages[number];
    if (page === undefined) {
      page = new Float64Array(2 ** (this.bits + 1));
      this.#pages[number] = page;
    }
    const index = bucket & (page.length - 1);
    page[index] = (page[index] as number) + count;
    this.#count += count;
  }

  /** Adds all of another one of as many bits. */
  merge(other: Sketch): void {
    if (other.bits !== this.bits)
      throw new RangeError(`sketches of ${this.bits} and ${other.bits} bits cannot be merged`);
    for (const [bucket, count] of other.#counted()) this.#addTo(bucket, count);
    this.#nan += other.#nan;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** In ascending order, those that have values. */
  *#counted(): Generator<readonly [bucket: number, count: number]> {
    for (const [number, page] of this.#pages.entries()) {
      if (page === undefined) continue;
      for (let index = 0; index < page.length; index++) {
        const count = page[index] as number;
        if (count > 0) yield [number * page.length + index, count];
      }
    }
  }

  /** In ascending order, those that have values. */
  *buckets(): Generator<Bucket> {
    for (const [bucket, count] of this.#counted()) yield { ...this.#boundsOf(bucket), count };
  }

  #boundsOf(bucket: number): Omit<Bucket, 'count'> {
    const isSecond = bucket % 2 === 1;
    const first = Math.floor(bucket / 2) * (this.#rest + 1);
    const isAbove = first >= SIGN;
    const split = isAbove ? first + 1 : first + this.#rest;
    return {
      from: valueAtPlace(isSecond ? split : first),
      to: valueAtPlace(isSecond ? first + this.#rest + 1 : split),
      isPoint: isSecond !== isAbove,
    };
  }

  /**
   * The value of that rank: the smallest that at least `share` of all values do not exceed. NaN of
   * no values. See `relativeError`.
   */
  quantile(share: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let below = 0;
    for (const bucket of this.buckets()) {
      below += bucket.count;
      if (below >= rank) return Math.min(this.#max, Math.max(this.#min, middleOf(bucket)));
    }
    return this.#max;
  }

  /** Throws `RangeError` on what was not written by `saved`. */
  static from({ bits, nan, min, max, buckets }: SavedSketch): Sketch {
    const sketch = new Sketch(bits);
    const end = 2 ** (bits + 1 + PAGE_BITS);
    for (let index = 0; index < buckets.length; index += 2) {
      const [bucket, count] = [buckets[index] as number, buckets[index + 1] as number];
      if (!Number.isInteger(bucket) || bucket < 0 || bucket >= end || !(count > 0))
        throw new RangeError(`a saved sketch has ${count} values in bucket ${bucket} of ${end}`);
      sketch.#addTo(bucket, count);
    }
    sketch.#nan = nan;
    // JSON has no infinity: where the lowest value is none, its bucket says which.
    const bounds = [...sketch.buckets()];
    sketch.#min = min ?? bounds[0]?.from ?? sketch.#min;
    sketch.#max = max ?? bounds.at(-1)?.from ?? sketch.#max;
    return sketch;
  }

  saved(): SavedSketch {
    return {
      bits: this.bits,
      nan: this.#nan,
      min: Number.isFinite(this.#min) ? this.#min : null,
      max: Number.isFinite(this.#max) ? this.#max : null,
      buckets: [...this.#counted()].flat(),
    };
  }
}
