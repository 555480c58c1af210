// From MessagePack to values, with the cursor that the compiled readers use, so both judge bytes
// alike. Some values have no form in JavaScript and are kept as bytes: text that is no UTF-8, and
// extensions of any type. 64-bit integers become bigints where a double could not hold them.

import { isUtf8 } from 'node:buffer';
import { Extension } from './extension.ts';
import { MsgpackError } from './msgpack-error.ts';
import { MsgpackWalker } from './msgpack-walk.ts';

const [NIL, FALSE, TRUE] = [0xc0, 0xc2, 0xc3];
/**
 * Keys are remembered, so that a known key costs a comparison and no new text. Longer keys, and
 * those past the limit, are made again each time.
 */
const [KEYS_MAX, KEY_BYTES_MAX] = [256, 32];

export class MsgpackDecoder {
  /** Its limit is for values that it skips. Here it skips none. */
  readonly #walker = new MsgpackWalker();
  #bytes: Buffer = Buffer.alloc(0);
  /** The keys of the previous value, in order: records of one stream look alike. */
  readonly #keys: { readonly bytes: Uint8Array; readonly text: string }[] = [];
  #keysSeen = 0;

  /**
   * Decodes the one value in `bytes[start .. end)`. Throws `MsgpackError`, or `RangeError` if the
   * value is nested too deep for the stack.
   */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const walker = this.#walker;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#keysSeen = 0;
    walker.reset(bytes, start, end);
    const value = this.#value();
    if (walker.byteAt < end) throw new MsgpackError(`${end - walker.byteAt} bytes follow the value`);
    return value;
  }

  #value(): unknown {
    const walker = this.#walker;
    const head = walker.peek();
    if (head === NIL || head === FALSE || head === TRUE) {
      walker.advance(1);
      return head === NIL ? null : head === TRUE;
    }
    if (walker.readLong()) {
      const number = Number(walker.long);
      return Number.isSafeInteger(number) ? number : walker.long;
    }
    if (walker.readNumber()) return walker.value;
    const characters = walker.readStringSize();
    if (characters >= 0) return this.#text(walker.advance(characters), characters);
    const entries = walker.readMapSize();
    if (entries >= 0) return this.#map(entries);
    const elements = walker.readArraySize();
    if (elements >= 0) return this.#list(elements);
    const size = walker.readBytesSize();
    if (size >= 0) return this.#copy(walker.advance(size), size);
    const extended = walker.readExtensionSize();
    if (extended < 0)
      throw new MsgpackError(`byte 0x${head.toString(16)} at ${walker.passed} begins no value`);
    const byteAt = walker.advance(extended);
    return new Extension(walker.extensionType, this.#bytes.subarray(byteAt, byteAt + extended));
  }

  #copy(byteAt: number, size: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(byteAt, byteAt + size));
  }

  /** Text that is no UTF-8 is returned as bytes: nobody can say which letters were meant. */
  #text(byteAt: number, size: number): string | Uint8Array {
    if (this.#isAscii(byteAt, byteAt + size)) return this.#bytes.toString('latin1', byteAt, byteAt + size);
    const isText = isUtf8(this.#bytes.subarray(byteAt, byteAt + size));
    return isText ? this.#bytes.toString('utf8', byteAt, byteAt + size) : this.#copy(byteAt, size);
  }

  #isAscii(start: number, end: number): boolean {
    for (let byteAt = start; byteAt < end; byteAt++)
      if ((this.#bytes[byteAt] as number) >= 0x80) return false;
    return true;
  }

  #list(count: number): unknown[] {
    this.#needAtLeast(count);
    const list: unknown[] = [];
    for (let index = 0; index < count; index++) list.push(this.#value());
    return list;
  }

  #map(count: number): object {
    this.#needAtLeast(2 * count);
    const map: Record<string, unknown> = {};
    for (let entry = 0; entry < count; entry++) {
      const key = this.#key();
      const value = this.#value();
      if (key === '__proto__')
        Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
      else map[key] = value;
    }
    return map;
  }

  /** Reads a key as the name of a field. */
  #key(): string {
    const walker = this.#walker;
    walker.needKey();
    const size = walker.readStringSize();
    if (size < 0) return String(this.#value());
    const byteAt = walker.advance(size);
    const index = this.#keysSeen++;
    const known = this.#keys[index];
    if (known !== undefined && this.#isAt(known.bytes, byteAt, size)) return known.text;
    const text = this.#bytes.toString('utf8', byteAt, byteAt + size);
    if (index < KEYS_MAX && size <= KEY_BYTES_MAX)
      this.#keys[index] = { bytes: this.#copy(byteAt, size), text };
    return text;
  }

  #isAt(key: Uint8Array, byteAt: number, size: number): boolean {
    if (key.length !== size) return false;
    for (let index = 0; index < size; index++) if (key[index] !== this.#bytes[byteAt + index]) return false;
    return true;
  }

  /**
   * Each element takes at least a byte. So a larger count is damage, and no memory is taken for it.
   */
  #needAtLeast(count: number): void {
    const walker = this.#walker;
    if (count > walker.end - walker.byteAt) throw new MsgpackError('a list or map is longer than its bytes');
  }
}
