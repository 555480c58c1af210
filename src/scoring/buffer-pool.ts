// Buffers that go to a worker and come back, used again: a new one of this size is pages to be zeroed and faulted in, and
// work for the collector.

const UNIT_BYTES = 2 ** 18;
/** Beyond this, what comes back is let go: as many as are in flight on a large machine. */
const KEPT_MAX = 64;

export class BufferPool {
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least so many bytes. What is in it is left from before. */
  take(byteLength: number): ArrayBuffer {
    const at = this.#free.findLastIndex((buffer) => buffer.byteLength >= byteLength);
    if (at >= 0) return this.#free.splice(at, 1)[0] as ArrayBuffer;
    return new ArrayBuffer(Math.ceil(byteLength / UNIT_BYTES) * UNIT_BYTES);
  }

  giveBack(buffer: ArrayBuffer): void {
    if (this.#free.length < KEPT_MAX) this.#free.push(buffer);
  }
}
