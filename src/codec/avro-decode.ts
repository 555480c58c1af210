// Decodes values of Avro. A decoder is compiled once for a writer's schema, and a reader's if there
// is one. Unions are unwrapped, 64-bit integers keep their digits, logical types become numbers.

import { type AvroCursor, NoValueError } from './avro-cursor.ts';
import { defaultOf } from './avro-default.ts';
import type { Logical } from './avro-logical.ts';
import { nameOf, readAs, writtenAs } from './avro-resolve.ts';
import {
  type AvroType,
  type EnumType,
  type PrimitiveKind,
  type RecordType,
  SchemaError,
} from './avro-schema.ts';
import { branchOf, compileSkip } from './avro-skip.ts';

export type Decode = (cursor: AvroCursor) => unknown;

/** By the writer's type and the reader's type: the decoder that is finished or in the making. */
type Made = Map<AvroType, Map<AvroType | null, { decode: Decode; failed?: SchemaError }>>;

/** Throws `SchemaError` where the writer's type cannot be read as the reader's type. */
export function compileDecode(writer: AvroType, reader: AvroType | null, made: Made = new Map()): Decode {
  const ofWriter = made.get(writer) ?? new Map();
  made.set(writer, ofWriter);
  const known = ofWriter.get(reader);
  if (known?.failed !== undefined) throw known.failed;
  // A recursive type uses the decoder that is in the making.
  if (known !== undefined) return (cursor) => known.decode(cursor);
  const own: { decode: Decode; failed?: SchemaError } = { decode: () => undefined };
  ofWriter.set(reader, own);
  try {
    own.decode = decoding(writer, reader, (inner, as) => compileDecode(inner, as, made));
  } catch (error) {
    if (error instanceof SchemaError) own.failed = error;
    throw error;
  }
  return own.decode;
}

type Compile = (writer: AvroType, reader: AvroType | null) => Decode;

function decoding(writer: AvroType, reader: AvroType | null, compile: Compile): Decode {
  if (writer.kind === 'union') {
    const branches = writer.branches.map((branch) => compile(branch, reader));
    return (cursor) => branchOf(cursor, branches)(cursor);
  }
  const as = reader === null ? writer : readAs(writer, reader);
  if (as === undefined) throw new SchemaError(`${nameOf(writer)} is no ${wordsOf(reader as AvroType)}`);
  if (as !== reader && reader !== null) return compile(writer, as);
  switch (writer.kind) {
    case 'record':
      return reader === null ? wholeRecord(writer, compile) : record(writer, as as RecordType, compile);
    case 'enum':
      return enumeration(writer, as as EnumType);
    case 'array':
      return array(compile(writer.items, reader === null ? null : (as as typeof writer).items));
    case 'map':
      return map(compile(writer.values, reader === null ? null : (as as typeof writer).values));
    case 'fixed': {
      const { size } = writer;
      return converted((cursor) => cursor.bytes(size), meant(writer.logical, (as as typeof writer).logical));
    }
    default: {
      const read = reading(writer.kind, as.kind as PrimitiveKind);
      return converted(read, meant(writer.logical, (as as typeof writer).logical));
    }
  }
}

const wordsOf = (reader: AvroType): string =>
  reader.kind === 'union'
    ? `branch of ${reader.branches.map(nameOf).join(', ') || 'an empty union'}`
    : nameOf(reader);

/**
 * The writer's logical type, if the reader's schema has one too. If the writer's schema has none,
 * the reader's counts.
 */
const meant = (writer: Logical | null, reader: Logical | null): Logical | null =>
  reader === null ? null : (writer ?? reader);

function converted(read: Decode, logical: Logical | null): Decode {
  const toNumber = logical?.toNumber ?? null;
  return toNumber === null ? read : (cursor) => toNumber(read(cursor));
}

function reading(kind: PrimitiveKind, as: PrimitiveKind): Decode {
  switch (kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (cursor) => cursor.boolean();
    case 'int':
    case 'long':
      return as === 'float' || as === 'double'
        ? (cursor) => Number(cursor.integer())
        : (cursor) => cursor.integer();
    case 'float':
      return (cursor) => cursor.float();
    case 'double':
      return (cursor) => cursor.double();
    case 'string':
    case 'bytes':
      return as === 'string' ? (cursor) => cursor.string() : (cursor) => cursor.bytes(cursor.long());
  }
}

function enumeration(writer: EnumType, reader: EnumType): Decode {
  const symbols = writer.symbols.map((symbol) => {
    if (reader.symbols.includes(symbol)) return symbol;
    if (reader.default !== undefined) return reader.default;
    throw new SchemaError(
      `${nameOf(writer)} has a symbol ${symbol} that the reader's has not, nor a default`,
    );
  });
  return (cursor) => branchOf(cursor, symbols);
}

type Fields = Record<string, unknown>;

/** Adds a field as the object's own, also if it is named `__proto__`. */
function put(fields: Fields, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
  else fields[name] = value;
}

function wholeRecord({ fields }: RecordType, compile: Compile): Decode {
  const steps = fields.map(({ name, type }) => ({ name, decode: compile(type, null) }));
  return (cursor) => {
    const found: Fields = {};
    for (const { name, decode } of steps) put(found, name, decode(cursor));
    return found;
  };
}

function record(writer: RecordType, reader: RecordType, compile: Compile): Decode {
  const given: Fields = {};
  const wanted = new Map(writer.fields.map((field) => [field, [] as { name: string; decode: Decode }[]]));
  for (const asked of reader.fields) {
    const written = writtenAs(asked, writer);
    // The fields have the reader's order, whether they were written or not.
    put(given, asked.name, written === undefined ? defaultOf(asked) : undefined);
    if (written === undefined) continue;
    wanted
      .get(written)
      ?.push({ name: asked.name, decode: fieldOf(asked.name, () => compile(written.type, asked.type)) });
  }
  const steps = writer.fields.map((field) => ({
    skip: compileSkip(field.type),
    all: wanted.get(field) ?? [],
  }));
  return (cursor) => {
    const found: Fields = { ...given };
    for (const { skip, all } of steps) {
      const { byteAt } = cursor;
      if (all.length === 0) skip(cursor);
      for (const { name, decode } of all) {
        // A field that is read as several is read from its start each time.
        cursor.byteAt = byteAt;
        put(found, name, decode(cursor));
      }
    }
    return found;
  };
}

function fieldOf(name: string, compile: () => Decode): Decode {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new SchemaError(`field "${name}": ${error.message}`, { cause: error });
  }
}

const array =
  (decode: Decode): Decode =>
  (cursor) => {
    const found: unknown[] = [];
    for (let size = cursor.block(); size > 0; size = cursor.block())
      for (; size > 0; size--) found.push(decode(cursor));
    return found;
  };

const map =
  (decode: Decode): Decode =>
  (cursor) => {
    const found: Fields = {};
    for (let size = cursor.block(); size > 0; size = cursor.block())
      for (; size > 0; size--) put(found, cursor.string(), decode(cursor));
    return found;
  };

/**
 * Decodes the value that fills `bytes[start .. end)`. Throws `RangeError` when the bytes are not
 * exactly one value.
 */
export function decodeWhole(
  cursor: AvroCursor,
  decode: Decode,
  bytes: Buffer,
  start: number,
  end: number,
): unknown {
  cursor.reset(bytes, start, end);
  const length = end - start;
  let value: unknown;
  try {
    value = decode(cursor);
  } catch (error) {
    // A RangeError comes from values that are nested too deep for the stack. Nobody writes such
    // values on purpose.
    if (!(error instanceof NoValueError) && !(error instanceof RangeError)) throw error;
    throw new RangeError(`damaged, or cut off after ${length} bytes: ${error.message}`, { cause: error });
  }
  if (cursor.byteAt < end) throw new RangeError(`${end - cursor.byteAt} bytes follow the value`);
  return value;
}
