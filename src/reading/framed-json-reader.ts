// Reads values of Confluent's serializer for JSON Schema: a zero byte and the number of the schema,
// big-endian, then JSON. No JSON begins with a zero byte, so values without the frame are read too.
// The number is not needed to read the value.

import { viewOf } from '../base/int64.ts';
import type { Rejection } from '../features/rejection.ts';
import type { InputReader } from './input-reader.ts';

const FRAME_BYTES = 5;

export class FramedJsonReader implements InputReader {
  readonly width: number;
  readonly wantsKey: boolean;
  readonly #inner: InputReader;
  readonly #schemas: ReadonlySet<number>;

  /** Records with another schema number are refused. If `schemas` is empty, none is refused. */
  constructor(inner: InputReader, schemas: readonly number[]) {
    this.#inner = inner;
    this.#schemas = new Set(schemas);
    this.width = inner.width;
    this.wantsKey = inner.wantsKey;
  }

  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    row: number,
    timestampMs: number,
    key?: Uint8Array | null,
  ): Rejection | null {
    const isFramed = end - start >= FRAME_BYTES && bytes[start] === 0;
    if (isFramed && this.#schemas.size > 0) {
      const schema = viewOf(bytes).getInt32(start + 1);
      if (!this.#schemas.has(schema)) return notOf(schema, this.#schemas);
    }
    const from = isFramed ? start + FRAME_BYTES : start;
    return this.#inner.read(bytes, from, end, features, row, timestampMs, key);
  }

  ids(row: number): readonly unknown[] {
    return this.#inner.ids(row);
  }

  idStart(row: number, id: number): number {
    return this.#inner.idStart(row, id);
  }

  idEnd(row: number, id: number): number {
    return this.#inner.idEnd(row, id);
  }
}

const notOf = (schema: number, known: ReadonlySet<number>): Rejection => ({
  stage: 'decode',
  code: 'NO_SCHEMA',
  message: `the value is of schema ${schema}, expected one of input.schemas: ${[...known].join(', ')}`,
});
