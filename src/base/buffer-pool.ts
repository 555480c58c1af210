// Buffers that are used again: a new one of this size is pages to be zeroed and faulted in, and
// work for the collector.

const UNIT_BYTES = 2 ** 18;
/** Beyond this, what comes back is let go: as many as are in flight on a large machine. */
const KEPT_MAX = 64;

/** Where buffers come from, and where they go when nobody reads them any more. */
export class BufferPool {
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least so many bytes. What is in it is left from before. */
  acquire(byteLength: number): ArrayBuffer {
    return this.acquireFree(byteLength) ?? new ArrayBuffer(Math.ceil(byteLength / UNIT_BYTES) * UNIT_BYTES);
  }

  /** The same, but none if it would have to be made. */
  acquireFree(byteLength: number): ArrayBuffer | undefined {
    const index = this.#free.findLastIndex((buffer) => buffer.byteLength >= byteLength);
    return index < 0 ? undefined : this.#free.splice(index, 1)[0];
  }

  /** Takes back what `acquire` gave; a buffer that was made elsewhere is let go. */
  giveBack(buffer: ArrayBuffer): void {
    const isOurs = buffer.byteLength > 0 && buffer.byteLength % UNIT_BYTES === 0;
    if (isOurs && this.#free.length < KEPT_MAX) this.#free.push(buffer);
  }
}
