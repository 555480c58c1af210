// Reads the primitives of Avro's binary encoding, one after the other, and believes no length that
// it reads.

/** Bytes that are no such value. */
export class NoValueError extends Error {}

/**
 * Elements of a value without bytes (null) may be more than its bytes, but not more than so many.
 */
const EMPTY_MAX = 65_536;
/** 7 bits a byte. */
const GROUP = 128;
/** So many hold 64 bits. */
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

  /** Moves on by so many bytes; returns where it was. */
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

  /** A zigzag number of up to 64 bits: a bigint where a double would lose digits. */
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

  /** A zigzag number of up to 53 bits, as lengths are. */
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

  /** A copy: the bytes that are read are moved away, and used again. */
  bytes(length: number): Buffer {
    const byteAt = this.#advance(length);
    return Buffer.from(this.#bytes.subarray(byteAt, byteAt + length));
  }

  /** The size of the next block of a list or map; 0 after the last. */
  block(): number {
    const said = this.long();
    // Then its length in bytes follows.
    if (said < 0) this.skipLong();
    const size = Math.abs(said);
    // Each has a byte of its own, or is one of the few that have none.
    this.#elements -= size;
    if (this.#elements < 0) throw new NoValueError('more elements than bytes');
    return size;
  }
}
