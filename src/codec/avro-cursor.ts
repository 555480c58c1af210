// Reads the primitives of Avro's binary encoding, one after the other. It trusts no length that it
// reads.

/** The bytes are not a value of the type. */
export class NoValueError extends Error {}

/**
 * A list of null takes no bytes for its elements. So a value may have more elements than bytes, but
 * at most this many.
 */
const EMPTY_MAX = 65_536;
/** Each byte holds 7 bits. */
const GROUP = 128;
/** A number of 64 bits takes at most so many bytes. */
const LONG_BYTES_MAX = 10;

const isSafe = (value: bigint): boolean =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;

export class AvroCursor {
  byteAt = 0;
  #end = 0;
  /** How many elements the lists and maps of the value may still have. */
  #elements = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  reset(bytes: Buffer, start: number, end: number): void {
    if (this.#bytes !== bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    this.byteAt = start;
    this.#end = end;
    this.#elements = end - start + EMPTY_MAX;
  }

  /** Moves on by `count` bytes. Returns where they began. */
  #advance(count: number): number {
    const { byteAt } = this;
    if (!(count >= 0 && count <= this.#end - byteAt)) throw new NoValueError('cut off');
    this.byteAt = byteAt + count;
    return byteAt;
  }

  skip(count: number): void {
    this.#advance(count);
  }

  float(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  boolean(): boolean {
    const byte = this.#bytes[this.#advance(1)] as number;
    if (byte > 1) throw new NoValueError('a flag that is none');
    return byte === 1;
  }

  /** A zigzag number of up to 64 bits. It is a bigint where a double would lose digits. */
  integer(): number | bigint {
    const { byteAt } = this;
    let sum = 0;
    for (let weight = 1, bytes = 1; ; weight *= GROUP, bytes++) {
      const byte = this.#bytes[this.#advance(1)] as number;
      sum += (byte & 0x7f) * weight;
      if (byte < GROUP) break;
      if (bytes === LONG_BYTES_MAX) throw new NoValueError('an integer without an end');
    }
    if (sum <= Number.MAX_SAFE_INTEGER) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
    let exact = 0n;
    for (let index = byteAt, shift = 0n; index < this.byteAt; index++, shift += 7n)
      exact |= BigInt((this.#bytes[index] as number) & 0x7f) << shift;
    exact = BigInt.asUintN(64, exact);
    const value = (exact >> 1n) ^ -(exact & 1n);
    return isSafe(value) ? Number(value) : value;
  }

  /** A zigzag number of up to 53 bits, such as a length. */
  long(): number {
    let sum = 0;
    for (let weight = 1; ; weight *= GROUP) {
      const byte = this.#bytes[this.#advance(1)] as number;
      sum += (byte & 0x7f) * weight;
      if (sum > Number.MAX_SAFE_INTEGER) throw new NoValueError('a large integer');
      if (byte < GROUP) break;
    }
    return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
  }

  skipLong(): void {
    for (let bytes = 0; bytes < LONG_BYTES_MAX; bytes++)
      if ((this.#bytes[this.#advance(1)] as number) < GROUP) return;
    throw new NoValueError('an integer without an end');
  }

  string(): string {
    const length = this.long();
    const byteAt = this.#advance(length);
    return this.#bytes.toString('utf8', byteAt, byteAt + length);
  }

  /** Returns a copy, because the bytes that are read will be moved away and used again. */
  bytes(length: number): Buffer {
    const byteAt = this.#advance(length);
    return Buffer.from(this.#bytes.subarray(byteAt, byteAt + length));
  }

  /** The size of the next block of a list or map, or 0 after the last block. */
  block(): number {
    const said = this.long();
    // After a negative size, the length in bytes follows.
    if (said < 0) this.skipLong();
    const size = Math.abs(said);
    // Each element takes at least a byte, or is one of the few that take none.
    this.#elements -= size;
    if (this.#elements < 0) throw new NoValueError('more elements than bytes');
    return size;
  }
}
