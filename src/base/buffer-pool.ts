// Keeps buffers for another use: for a new buffer of this size the system must zero and map pages,
// and the garbage collector has more work.

const UNIT_BYTES = 2 ** 18;
/** How many free buffers are kept: as many as are in flight on a large machine. */
const KEPT_MAX = 64;

/** Where buffers come from, and where they go when nobody reads them any more. */
export class BufferPool {
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least so many bytes. It still holds old content. */
  acquire(byteLength: number): ArrayBuffer {
    return this.acquireFree(byteLength) ?? new ArrayBuffer(Math.ceil(byteLength / UNIT_BYTES) * UNIT_BYTES);
  }

  /** The same, but undefined if no buffer is free. */
  acquireFree(byteLength: number): ArrayBuffer | undefined {
    const index = this.#free.findLastIndex((buffer) => buffer.byteLength >= byteLength);
    return index < 0 ? undefined : this.#free.splice(index, 1)[0];
  }

  /** Takes back a buffer of `acquire`; buffers that were made elsewhere are not kept. */
  giveBack(buffer: ArrayBuffer): void {
    const isOurs = buffer.byteLength > 0 && buffer.byteLength % UNIT_BYTES === 0;
    if (isOurs && this.#free.length < KEPT_MAX) this.#free.push(buffer);
  }
}
