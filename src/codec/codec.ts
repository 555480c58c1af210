// A value format: from bytes to a value and back. Each codec is one object in one file; `codecs.ts`
// lists them.

export interface Codec {
  /**
   * Reads the value that fills `bytes[start..end)`. Throws when the bytes are not exactly one
   * value.
   */
  decode(bytes: Uint8Array, start: number, end: number): unknown;
  encode(value: unknown): Uint8Array;
}
