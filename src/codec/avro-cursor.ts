// Reads the primitives of Avro's binary encoding, one after the other.

/** Not an error: who decodes the whole value can read it, or says what is wrong. */
export class NotPlain extends Error {}

/** Elements without bytes (null) may be more than there are bytes left, but not more than so many. */
const EMPTY_MAX = 65_536;
/** 7 bits a byte. */
const GROUP = 128;

export class Cursor {
  at = 0;
  #end = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  reset(bytes: Buffer, start: number, end: number): void {
    if (this.#bytes !== bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  /** Moves on by so many bytes; returns where it was. */
  #take(count: number): number {
    const { at } = this;
    if (!(count >= 0 && count <= this.#end - at)) throw new NotPlain('cut off');
    this.at = at + count;
    return at;
  }

  skip(count: number): void {
    this.#take(count);
  }

  float(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  boolean(): boolean {
    const byte = this.#bytes[this.#take(1)] as number;
    if (byte > 1) throw new NotPlain('a flag that is none');
    return byte === 1;
  }

  /** A zigzag number of up to 53 bits. */
  long(): number {
    let sum = 0;
    for (let weight = 1; ; weight *= GROUP) {
      const byte = this.#bytes[this.#take(1)] as number;
      sum += (byte & 0x7f) * weight;
      if (sum > Number.MAX_SAFE_INTEGER) throw new NotPlain('a large integer');
      if (byte < GROUP) break;
    }
    return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
  }

  skipLong(): void {
    for (let bytes = 0; bytes < 10; bytes++) if ((this.#bytes[this.#take(1)] as number) < GROUP) return;
    throw new NotPlain('an integer without an end');
  }

  string(): string {
    const length = this.long();
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** The size of the next block of a list or map; 0 after the last. */
  block(): number {
    const said = this.long();
    // Then its length in bytes follows.
    if (said < 0) this.skipLong();
    const size = Math.abs(said);
    if (size > Math.max(this.#end - this.at, EMPTY_MAX)) throw new NotPlain('more elements than bytes');
    return size;
  }
}
