// Avro: values of any writer's schema, read by the reader's schema (aliases, defaults, promotions).
// There are three framings. The Confluent wire format: a zero byte, and the number of the writer's
// schema in a registry, big-endian. The single-object encoding: C3 01 and the fingerprint of the
// writer's schema, little-endian. Or none. Formats:
// https://avro.apache.org/docs/1.12.0/specification/ and
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format

import { ScorelaneError } from '../base/errors.ts';
import { canonicalSchema } from './avro-canonical.ts';
import { AvroCursor } from './avro-cursor.ts';
import { compileDecode, type Decode, decodeWhole } from './avro-decode.ts';
import { checkDefaults } from './avro-default.ts';
import { fingerprint } from './avro-fingerprint.ts';
import type { Found } from './avro-found.ts';
import { type AvroType, parseSchema, SchemaError, type SchemaText } from './avro-schema.ts';
import { compileWalk, type Walk, type WantedPath } from './avro-walk.ts';

export const FRAMINGS = ['confluent', 'single-object', 'plain'] as const;
export type Framing = (typeof FRAMINGS)[number];

/** The number of a schema in a registry, or its GUID. */
export type SchemaId = number | string;

/** The registry must be asked for a writer's schema. After that the value can be read. */
export class SchemaNeededError extends ScorelaneError {
  readonly code = 'SCORELANE_SCHEMA_NEEDED';
  readonly id: SchemaId;
  constructor(id: SchemaId) {
    super(`schema ${id} of the registry is needed`);
    this.id = id;
  }
}

const MAGIC = 0;
const OBJECT_MAGIC = 0xc301;
const FRAME_BYTES: Readonly<Record<Framing, number>> = { confluent: 5, 'single-object': 10, plain: 0 };
/** If the registry does not know a number, it is asked again after this time. */
const UNKNOWN_MS = 30_000;

/**
 * The frame that stands before a value of that schema. `id` is the schema's number in the registry.
 */
export function frameOf(framing: Framing, schema: string, id: number): Uint8Array {
  const frame = Buffer.alloc(FRAME_BYTES[framing]);
  if (framing === 'confluent') frame.writeInt32BE(id, 1);
  if (framing === 'single-object') {
    frame.writeUInt16BE(OBJECT_MAGIC);
    frame.writeBigUInt64LE(fingerprint(canonicalSchema(schema)), 2);
  }
  return Uint8Array.from(frame);
}

export interface AvroOptions {
  readonly framing: Framing;
  /** The reader's schema, as JSON. Without it, values are read as they were written. */
  readonly schema: string | null;
  /**
   * The schemas that single objects may be written with, as JSON. The reader's schema is one of
   * them too.
   */
  readonly writers: readonly string[];
  /** How many writers' schemas of a registry are kept ready. */
  readonly schemasMax: number;
}

/**
 * The schema of a value, if it is not named in the frame but beside it, by GUID or number. Null if
 * it is not named.
 */
export type NamedSchema = SchemaId | { readonly wrong: string } | null;

/** The values that `walk` looks for. */
export interface Wanted {
  readonly paths: readonly WantedPath[];
  readonly nestingMax: number;
}

/** How to read the values of one writer, or why they cannot be read. */
interface Known {
  readonly decode: Decode | SchemaError;
  /** Null if its values have to be decoded. */
  readonly walk: Walk | null;
  /** When it was learnt from the registry. */
  readonly atMs: number;
}

export class AvroReader {
  readonly #framing: Framing;
  readonly #schemasMax: number;
  readonly #reader: AvroType | null;
  readonly #wanted: Wanted | null;
  readonly #plain: Known | null;
  readonly #byFingerprint: ReadonlyMap<bigint, Known>;
  /** By number, in the order in which they were learnt. */
  readonly #known = new Map<SchemaId, Known>();
  readonly #cursor = new AvroCursor();
  /**
   * Names the schema of the next value. A value whose schema is named so has no frame. Only for the
   * framing "confluent".
   */
  named: NamedSchema = null;
  #bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes as a Buffer. */
  #buffer: Buffer = Buffer.alloc(0);

  /** `walk` finds the values that are `wanted`. Throws `SchemaError`. */
  constructor({ framing, schema, writers, schemasMax }: AvroOptions, wanted: Wanted | null = null) {
    this.#wanted = wanted;
    this.#framing = framing;
    this.#schemasMax = schemasMax;
    this.#reader = schema === null ? null : readersSchema(schema);
    if (framing === 'plain' && this.#reader === null)
      throw new SchemaError('Avro without a frame needs the schema that it was written with');
    this.#plain = framing === 'plain' ? this.#knownOf(schema as string, 'the schema') : null;
    const all = schema === null ? writers : [schema, ...writers];
    this.#byFingerprint = new Map(
      framing === 'single-object'
        ? all.map((each) => [fingerprint(canonicalSchema(each)), this.#knownOf(each, 'the schema')])
        : [],
    );
  }

  /**
   * Throws `SchemaNeededError` if the schema is not known yet, and another error if the bytes are
   * not such a value.
   */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const { decode } = this.#writtenBy(bytes, start, end);
    if (decode instanceof SchemaError) throw decode;
    return decodeWhole(this.#cursor, decode, this.#buffer, start + this.#frameBytes, end);
  }

  /** Throws `SchemaNeededError` if `decode` would. */
  check(bytes: Uint8Array, start: number, end: number): void {
    if (this.#framing !== 'confluent') return;
    const isNamed = typeof this.named === 'string' || typeof this.named === 'number';
    const isFramed = this.named === null && end - start >= FRAME_BYTES.confluent && bytes[start] === MAGIC;
    if (isNamed || isFramed) this.#writtenBy(bytes, start, end);
  }

  /**
   * Finds the wanted parts of a value. Returns false, or throws, if the value has to be decoded
   * instead. Then `found` means nothing. Throws `SchemaNeededError` if `decode` would.
   */
  walk(bytes: Uint8Array, start: number, end: number, found: Found): boolean {
    const { walk } = this.#writtenBy(bytes, start, end);
    return walk?.(this.#buffer, start + this.#frameBytes, end, found) ?? false;
  }

  /** Makes a writer's schema known, or the reason why there is none. */
  learn(id: SchemaId, schema: string | SchemaText | SchemaError, atMs = performance.now()): void {
    const known = schema instanceof SchemaError ? unreadable(schema) : this.#knownOf(schema, `schema ${id}`);
    this.#known.delete(id);
    this.#known.set(id, { ...known, atMs });
  }

  /**
   * Forgets the oldest schemas beyond the limit, and old answers that a number is unknown. Not to
   * be called during a task, which may need all of its schemas at once.
   */
  trim(nowMs = performance.now()): void {
    for (const [id, { decode, atMs }] of this.#known) {
      const isStale = decode instanceof SchemaError && nowMs - atMs > UNKNOWN_MS;
      if (isStale || this.#known.size > this.#schemasMax) this.#known.delete(id);
    }
  }

  #knownOf(schema: string | SchemaText, name: string): Known {
    try {
      const writer = parseSchema(schema);
      const decode = this.#decodeOf(writer);
      if (this.#wanted === null) return { decode, walk: null, atMs: 0 };
      const { paths, nestingMax } = this.#wanted;
      return { decode, walk: compileWalk(writer, this.#reader, paths, nestingMax), atMs: 0 };
    } catch (error) {
      // Whatever somebody has registered, it must harm only the records that were written with it.
      return unreadable(new SchemaError(`${name}: ${(error as Error).message}`, { cause: error }));
    }
  }

  #decodeOf(writer: AvroType): Decode {
    try {
      return compileDecode(writer, this.#reader);
    } catch (error) {
      const message = `cannot be read as the reader's schema says: ${(error as Error).message}`;
      throw new SchemaError(message, { cause: error });
    }
  }

  /** Finds out by the frame how to read a value. */
  #writtenBy(bytes: Uint8Array, start: number, end: number): Known {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    if (this.#plain !== null) return this.#plain;
    return this.#framing === 'confluent' ? this.#numbered(start, end) : this.#fingerprinted(start, end);
  }

  get #frameBytes(): number {
    return this.named === null ? FRAME_BYTES[this.#framing] : 0;
  }

  #numbered(start: number, end: number): Known {
    const own = this.#buffer;
    if (this.named !== null) return this.#namedSchema(this.named);
    if (end - start < FRAME_BYTES.confluent || own[start] !== MAGIC)
      throw new RangeError(`expected a zero byte and a schema number, found ${this.#shown(start, end)}`);
    return this.#namedSchema(own.readInt32BE(start + 1));
  }

  #namedSchema(id: Exclude<NamedSchema, null>): Known {
    if (typeof id === 'object') throw new RangeError(id.wrong);
    const known = this.#known.get(id);
    if (known === undefined) throw new SchemaNeededError(id);
    return known;
  }

  #fingerprinted(start: number, end: number): Known {
    const own = this.#buffer;
    if (end - start < FRAME_BYTES['single-object'] || own.readUInt16BE(start) !== OBJECT_MAGIC)
      throw new RangeError(`expected c301 and a fingerprint, found ${this.#shown(start, end)}`);
    const found = own.readBigUInt64LE(start + 2);
    const known = this.#byFingerprint.get(found);
    if (known !== undefined) return known;
    const name = found.toString(16).padStart(16, '0');
    const message = `no schema with the fingerprint ${name} is among input.schema and input.writers`;
    return unreadable(new SchemaError(message));
  }

  #shown(start: number, end: number): string {
    return this.#buffer.toString('hex', start, Math.min(end, start + FRAME_BYTES[this.#framing]));
  }
}

const unreadable = (decode: SchemaError): Known => ({ decode, walk: null, atMs: 0 });

/** Its defaults must fit: they are used where a writer has no such field. Throws `SchemaError`. */
function readersSchema(schema: string): AvroType {
  const type = parseSchema(schema);
  checkDefaults(type);
  return type;
}
