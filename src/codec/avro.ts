// Avro, by avsc: values of any writer's schema, read as the reader's schema says (aliases, defaults, promotions). Framings: the
// Confluent wire format (a zero byte and the number of the writer's schema in a registry, big-endian), or none.
// Format: https://avro.apache.org/docs/1.12.0/specification/ and
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/#wire-format

import avro, { type Schema, type Type } from 'avsc';

export const FRAMINGS = ['confluent', 'plain'] as const;
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

/** A schema that is none, or that the reader's cannot be resolved against. */
export class SchemaError extends Error {
  readonly code = 'SCORELANE_SCHEMA';
  override readonly name = 'SchemaError';
}

/** Reads the values of one writer's schema. */
type Reader = (bytes: Buffer) => unknown;

const MAGIC = 0;
const FRAME_BYTES = 5;

export interface AvroOptions {
  readonly framing: Framing;
  /** The reader's schema, as JSON. Without it values are read as they were written. */
  readonly schema: string | null;
  /** Writers' schemas that are kept ready. */
  readonly schemasMax: number;
}

export class AvroReader {
  readonly #schemasMax: number;
  readonly #reader: Type | null;
  readonly #plain: Reader | null;
  /** By number, in the order in which they were learnt. An error stands for a schema that cannot be read. */
  readonly #known = new Map<number, Reader | SchemaError>();

  /** Throws `SchemaError`. */
  constructor({ framing, schema, schemasMax }: AvroOptions) {
    this.#schemasMax = schemasMax;
    this.#reader = schema === null ? null : typeOf(schema);
    if (framing === 'plain' && this.#reader === null)
      throw new SchemaError('Avro without a frame needs the schema that it was written with');
    this.#plain = framing === 'plain' ? readerOf(this.#reader as Type, null) : null;
  }

  /** Throws `SchemaNeededError` for a schema that is not known yet; anything else for what is no such value. */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const own = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (this.#plain !== null) return this.#plain(own);
    if (own.length < FRAME_BYTES || own[0] !== MAGIC)
      throw new RangeError(
        `expected a zero byte and a schema number, found ${own.toString('hex', 0, FRAME_BYTES)}`,
      );
    const known = this.#readerOf(own.readInt32BE(1));
    if (known instanceof SchemaError) throw known;
    return known(own.subarray(FRAME_BYTES));
  }

  /** Throws `SchemaNeededError` where `decode` would. */
  check(bytes: Uint8Array, start: number, end: number): void {
    if (this.#plain !== null || end - start < FRAME_BYTES || bytes[start] !== MAGIC) return;
    this.#readerOf(Buffer.from(bytes.buffer, bytes.byteOffset + start, FRAME_BYTES).readInt32BE(1));
  }

  #readerOf(id: number): Reader | SchemaError {
    const known = this.#known.get(id);
    if (known === undefined) throw new SchemaNeededError(id);
    return known;
  }

  /** Makes a writer's schema known: its JSON, or why there is none. */
  learn(id: number, schema: string | SchemaError): void {
    let reader: Reader | SchemaError;
    try {
      reader = schema instanceof SchemaError ? schema : readerOf(typeOf(schema), this.#reader);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      reader = new SchemaError(`schema ${id}: ${error.message}`, { cause: error });
    }
    this.#known.delete(id);
    this.#known.set(id, reader);
  }

  /** Forgets the oldest beyond the limit. Not while a task goes on, which may need them all at once. */
  trim(): void {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#schemasMax) break;
      this.#known.delete(oldest);
    }
  }
}

/** 64-bit integers are doubles where they fit, and bigints where they do not. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer): number | bigint => {
    const value = bytes.readBigInt64LE();
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  },
  toBuffer: (value: number | bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  // Also what an int becomes that is read as a long.
  fromJSON: (value: number): number => value,
  toJSON: Number,
  isValid: (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value),
  compare: (left: number | bigint, right: number | bigint): number =>
    left < right ? -1 : left > right ? 1 : 0,
});

function typeOf(schema: string): Type {
  try {
    return avro.Type.forSchema(JSON.parse(schema) as Schema, {
      wrapUnions: 'never',
      registry: { long: LONG },
      logicalTypes: {
        decimal: DecimalType,
        'timestamp-micros': MicrosType,
        'local-timestamp-micros': MicrosType,
        date: DateType,
      },
    });
  } catch (error) {
    throw new SchemaError(`no schema of Avro: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads what `writer` wrote as `reader` says. Throws `SchemaError` when that cannot be. */
function readerOf(writer: Type, reader: Type | null): Reader {
  if (reader === null) return whole(writer, undefined);
  try {
    return whole(reader, reader.createResolver(writer));
  } catch (error) {
    throw new SchemaError(`cannot be read as the reader's schema says: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const whole =
  (type: Type, resolver: object | undefined): Reader =>
  (bytes) => {
    const { value, offset } = type.decode(bytes, 0, resolver as never) as { value: unknown; offset: number };
    if (offset < 0) throw new RangeError(`cut off after ${bytes.length} bytes`);
    if (offset < bytes.length) throw new RangeError(`${bytes.length - offset} bytes follow the value`);
    return value;
  };

/** A logical type that is read as a number. Nothing is written here. */
abstract class NumberType extends avro.types.LogicalType {
  protected abstract override _fromValue(value: unknown): number;

  protected override _toValue(): undefined {
    return undefined;
  }

  /** What the writer meant the same way is a number already; what it wrote without saying so becomes one. */
  protected override _resolve(writer: Type): ((value: unknown) => unknown) | undefined {
    if (writer.constructor === this.constructor) return (value) => value;
    return writer.typeName === this.underlyingType.typeName ? (value) => this._fromValue(value) : undefined;
  }
}

/** Two's complement, big-endian, of the unscaled number; as a double, which a feature is at most. */
class DecimalType extends NumberType {
  readonly #scale: number;

  constructor(schema: Schema, options: object) {
    super(schema, options);
    this.#scale = (schema as unknown as { scale?: number }).scale ?? 0;
  }

  protected override _fromValue(value: unknown): number {
    const bytes = value as Buffer;
    if (bytes.length === 0) return 0;
    const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
    return Number(`${unscaled}e-${this.#scale}`);
  }
}

/** All times are in milliseconds here. */
class MicrosType extends NumberType {
  protected override _fromValue(value: unknown): number {
    return (value as number) / 1_000;
  }
}

const DAY_MS = 86_400_000;

class DateType extends NumberType {
  protected override _fromValue(value: unknown): number {
    return (value as number) * DAY_MS;
  }
}
