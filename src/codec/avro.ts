// Avro, by avsc: values of any writer's schema, read as the reader's schema says (aliases, defaults, promotions). Framings: the
// Confluent wire format (a zero byte and the number of the writer's schema in a registry, big-endian); single-object encoding (C3 01
// and the fingerprint of the writer's schema, little-endian); or none.
// Formats: https://avro.apache.org/docs/1.12.0/specification/ and
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format

import type { Type } from 'avsc';
import { fingerprint } from './avro-fingerprint.ts';
import { canonical, type Reader, readerOf, SchemaError, typeOf } from './avro-types.ts';

export const FRAMINGS = ['confluent', 'single-object', 'plain'] as const;
export type Framing = (typeof FRAMINGS)[number];

/** A writer's schema that has to be asked for first; then the value can be read. */
export class SchemaNeededError extends Error {
  readonly code = 'SCORELANE_SCHEMA_NEEDED';
  override readonly name = 'SchemaNeededError';
  readonly id: number;
  constructor(id: number) {
    super(`schema ${id} of the registry is needed`);
    this.id = id;
  }
}

const MAGIC = 0;
const FRAME_BYTES = 5;
const OBJECT_MAGIC = 0xc301;
const OBJECT_BYTES = 10;
/** A number that the registry did not know may be known to it later. */
const UNKNOWN_MS = 30_000;

/** What stands before a value of that schema. `id` is its number in the registry. */
export function frameOf(framing: Framing, schema: string, id: number): Uint8Array {
  const frame = Buffer.alloc({ confluent: FRAME_BYTES, 'single-object': OBJECT_BYTES, plain: 0 }[framing]);
  if (framing === 'confluent') frame.writeInt32BE(id, 1);
  if (framing === 'single-object') {
    frame.writeUInt16BE(OBJECT_MAGIC);
    frame.writeBigUInt64LE(fingerprint(canonical(schema)), 2);
  }
  return Uint8Array.from(frame);
}

export interface AvroOptions {
  readonly framing: Framing;
  /** The reader's schema, as JSON. Without it values are read as they were written. */
  readonly schema: string | null;
  /** Schemas that single objects may be written with, as JSON; the reader's is one too. */
  readonly writers: readonly string[];
  /** Writers' schemas of a registry that are kept ready. */
  readonly schemasMax: number;
}

/** How to read what one writer wrote, or why that cannot be; of a registry's, when that was learnt. */
interface Known {
  readonly reader: Reader | SchemaError;
  readonly atMs: number;
}

export class AvroReader {
  readonly #framing: Framing;
  readonly #schemasMax: number;
  readonly #reader: Type | null;
  readonly #plain: Reader | null;
  readonly #byFingerprint: ReadonlyMap<bigint, Reader | SchemaError>;
  /** By number, in the order in which they were learnt. */
  readonly #known = new Map<number, Known>();

  /** Throws `SchemaError`. */
  constructor({ framing, schema, writers, schemasMax }: AvroOptions) {
    this.#framing = framing;
    this.#schemasMax = schemasMax;
    this.#reader = schema === null ? null : typeOf(schema);
    if (framing === 'plain' && this.#reader === null)
      throw new SchemaError('Avro without a frame needs the schema that it was written with');
    this.#plain = framing === 'plain' ? readerOf(this.#reader as Type, null) : null;
    const all = schema === null ? writers : [schema, ...writers];
    this.#byFingerprint = new Map(
      framing === 'single-object'
        ? all.map((each) => [fingerprint(canonical(each)), this.#readerOf(each, 'the schema')])
        : [],
    );
  }

  /** Throws `SchemaNeededError` for a schema that is not known yet; anything else for what is no such value. */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const own = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (this.#plain !== null) return this.#plain(own);
    const isNumbered = this.#framing === 'confluent';
    const reader = isNumbered ? this.#numbered(own) : this.#fingerprinted(own);
    if (reader instanceof SchemaError) throw reader;
    return reader(own.subarray(isNumbered ? FRAME_BYTES : OBJECT_BYTES));
  }

  /** Throws `SchemaNeededError` where `decode` would. */
  check(bytes: Uint8Array, start: number, end: number): void {
    if (this.#framing !== 'confluent' || end - start < FRAME_BYTES || bytes[start] !== MAGIC) return;
    this.#numbered(Buffer.from(bytes.buffer, bytes.byteOffset + start, FRAME_BYTES));
  }

  /** Makes a writer's schema known: its JSON, or why there is none. */
  learn(id: number, schema: string | SchemaError, atMs = performance.now()): void {
    const reader = schema instanceof SchemaError ? schema : this.#readerOf(schema, `schema ${id}`);
    this.#known.delete(id);
    this.#known.set(id, { reader, atMs });
  }

  /** Forgets the oldest beyond the limit, and what was unknown for a while. Not while a task goes on, which may need them all at once. */
  trim(nowMs = performance.now()): void {
    for (const [id, { reader, atMs }] of this.#known) {
      const isStale = reader instanceof SchemaError && nowMs - atMs > UNKNOWN_MS;
      if (isStale || this.#known.size > this.#schemasMax) this.#known.delete(id);
    }
  }

  #readerOf(schema: string, name: string): Reader | SchemaError {
    try {
      return readerOf(typeOf(schema), this.#reader);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      return new SchemaError(`${name}: ${error.message}`, { cause: error });
    }
  }

  #numbered(own: Buffer): Reader | SchemaError {
    if (own.length < FRAME_BYTES || own[0] !== MAGIC)
      throw new RangeError(`expected a zero byte and a schema number, found ${shown(own, FRAME_BYTES)}`);
    const id = own.readInt32BE(1);
    const known = this.#known.get(id);
    if (known === undefined) throw new SchemaNeededError(id);
    return known.reader;
  }

  #fingerprinted(own: Buffer): Reader | SchemaError {
    if (own.length < OBJECT_BYTES || own.readUInt16BE() !== OBJECT_MAGIC)
      throw new RangeError(`expected c301 and a fingerprint, found ${shown(own, OBJECT_BYTES)}`);
    const found = own.readBigUInt64LE(2);
    const name = found.toString(16).padStart(16, '0');
    return (
      this.#byFingerprint.get(found) ??
      new SchemaError(`no schema with the fingerprint ${name} is among input.schema and input.writers`)
    );
  }
}

const shown = (own: Buffer, bytes: number): string => own.toString('hex', 0, bytes);
