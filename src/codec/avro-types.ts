// Types of avsc for schemas of Avro, with numbers for what features can use: 64-bit integers, decimals, times.

import avro, { type Schema, type Type } from 'avsc';
import { compileMeasure } from './avro-skip.ts';

/** A schema that is none, or that the reader's cannot be resolved against. */
export class SchemaError extends Error {
  readonly code = 'SCORELANE_SCHEMA';
  override readonly name = 'SchemaError';
}

/** Reads the values of one writer's schema. */
export type Reader = (bytes: Buffer) => unknown;

/** 64-bit integers are doubles where they fit, and bigints where they do not. */
export const LONG = avro.types.LongType.__with({
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

/** The schema in Parsing Canonical Form. Throws `SchemaError`. */
export const canonical = (schema: string): string => JSON.stringify(parsed(schema, () => ({})).schema());

/** `options` are asked for each try: avsc writes the names of a schema into them. */
function parsed(schema: string, options: () => object): Type {
  try {
    const read = JSON.parse(schema) as Schema;
    try {
      return avro.Type.forSchema(read, { ...options(), wrapUnions: 'never' });
    } catch {
      // A union of an int and a double, say: avsc must have its values wrapped then.
      const type = avro.Type.forSchema(read, { ...options(), wrapUnions: 'always' });
      WRAPPING.add(type);
      return type;
    }
  } catch (error) {
    throw new SchemaError(`no schema of Avro: ${(error as Error).message}`, { cause: error });
  }
}

/** Types whose values of unions stand in objects of avsc, which know their branch. */
const WRAPPING = new WeakSet<Type>();

function unwrapped(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(unwrapped);
  const { unwrap } = value as { readonly unwrap?: () => unknown };
  if (typeof unwrap === 'function') return unwrapped(unwrap.call(value));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unwrapped(each)]));
}

/** Throws `SchemaError`. */
export const typeOf = (schema: string): Type =>
  parsed(schema, () => ({
    registry: { long: LONG },
    logicalTypes: {
      decimal: DecimalType,
      'timestamp-micros': MicrosType,
      'local-timestamp-micros': MicrosType,
      date: DateType,
    },
  }));

/** Reads what `writer` wrote as `reader` says. Throws `SchemaError` when that cannot be. */
export function readerOf(writer: Type, reader: Type | null): Reader {
  const isWhole = compileMeasure(writer);
  if (reader === null) return whole(isWhole, writer, undefined);
  try {
    return whole(isWhole, reader, reader.createResolver(writer));
  } catch (error) {
    throw new SchemaError(`cannot be read as the reader's schema says: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const whole =
  (isWhole: (bytes: Buffer) => boolean, type: Type, resolver: object | undefined): Reader =>
  (bytes) => {
    if (!isWhole(bytes)) throw new RangeError(`damaged, or cut off after ${bytes.length} bytes`);
    const { value, offset } = type.decode(bytes, 0, resolver as never) as { value: unknown; offset: number };
    if (offset < 0) throw new RangeError(`cut off after ${bytes.length} bytes`);
    if (offset < bytes.length) throw new RangeError(`${bytes.length - offset} bytes follow the value`);
    return WRAPPING.has(type) ? unwrapped(value) : value;
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
