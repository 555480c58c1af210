// Walks values of Avro without decoding all of them. A walk is compiled once for a writer's schema.
// It puts the wanted values into flat arrays and skips the rest. Cases that are not plain (a
// recursive type, or both a value and its fields wanted) are left to the full decoder. Format:
// https://avro.apache.org/docs/1.12.0/specification/#binary-encoding

import { AvroCursor } from './avro-cursor.ts';
import { compileDecode, type Decode } from './avro-decode.ts';
import { defaultOf } from './avro-default.ts';
import { ABSENT, type Found, NUMBER, OTHER } from './avro-found.ts';
import { readAs, writtenAs } from './avro-resolve.ts';
import type { AvroType, RecordType, SchemaField } from './avro-schema.ts';
import { branchOf, compileSkip } from './avro-skip.ts';

/** Not an error: the full decoder can read the value, or says what is wrong. */
class NotPlain extends Error {}

type Step = (cursor: AvroCursor, found: Found) => void;

/**
 * A path of the reader's schema, or of the writer's if there is no reader's. For a list, `count`
 * says how many numbers it must have.
 */
export interface WantedPath {
  readonly steps: readonly string[];
  /** Its place in `Found`. A list takes `count` places. */
  readonly place: number;
  readonly count?: number | undefined;
}

/**
 * Walks the value in `bytes[start .. end)`. Returns false, or throws, when the value is not plain.
 */
export type Walk = (bytes: Buffer, start: number, end: number, found: Found) => boolean;

/**
 * Null if values of these types are not plain. The writer's type must be readable as the reader's
 * type.
 */
export function compileWalk(
  writer: AvroType,
  reader: AvroType | null,
  wanted: readonly WantedPath[],
  nestingMax: number,
): Walk | null {
  let walk: Step;
  try {
    if (depthOf(writer) > nestingMax) return null;
    walk = value(writer, reader, wanted);
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
  const cursor = new AvroCursor();
  return (bytes, start, end, found) => {
    cursor.reset(bytes, start, end);
    found.kinds.fill(ABSENT);
    walk(cursor, found);
    return cursor.byteAt === end;
  };
}

/** How deep lists and maps can be nested, at most. */
function depthOf(
  type: AvroType,
  around: readonly AvroType[] = [],
  known = new Map<AvroType, number>(),
): number {
  const before = known.get(type);
  if (before !== undefined) return before;
  if (around.includes(type)) throw new NotPlain('a recursive type');
  const within = [...around, type];
  const inner = (each: AvroType): number => depthOf(each, within, known);
  const depth = ownDepth(type, inner);
  known.set(type, depth);
  return depth;
}

function ownDepth(type: AvroType, inner: (type: AvroType) => number): number {
  switch (type.kind) {
    case 'union':
      return Math.max(0, ...type.branches.map(inner));
    case 'record':
      return 1 + Math.max(0, ...type.fields.map((field) => inner(field.type)));
    case 'array':
      return 1 + inner(type.items);
    case 'map':
      return 1 + inner(type.values);
    default:
      return 0;
  }
}

/** Reads the wanted parts of a value: the value itself, or fields of it. */
function value(writer: AvroType, reader: AvroType | null, wanted: readonly WantedPath[]): Step {
  if (writer.kind === 'union') {
    const branches = writer.branches.map((branch) => value(branch, reader, wanted));
    return (cursor, found) => branchOf(cursor, branches)(cursor, found);
  }
  const own = wanted.filter(({ steps }) => steps.length === 0);
  const [leaf] = own;
  if (leaf === undefined) return fields(writer, reader, wanted);
  if (own.length < wanted.length || own.length > 1) throw new NotPlain('a value and fields of it');
  const { place, count } = leaf;
  return count === undefined ? scalar(writer, reader, place) : list(writer, reader, place, count);
}

function fields(writer: AvroType, reader: AvroType | null, wanted: readonly WantedPath[]): Step {
  // A null has no fields.
  if (writer.kind === 'null') return () => {};
  if (writer.kind !== 'record') throw new NotPlain('fields of what is no record');
  const ofReader = reader === null ? null : (readAs(writer, reader) as RecordType);
  const byName = Map.groupBy(wanted, ({ steps }) => steps[0] as string);
  const steps: Step[] = [];
  const taken = new Map<
    SchemaField,
    { readonly as: AvroType | null; readonly below: readonly WantedPath[] }
  >();
  for (const [name, paths] of byName) {
    const below = paths.map((path) => ({ ...path, steps: path.steps.slice(1) }));
    const asked = (ofReader ?? writer).fields.find((field) => field.name === name);
    if (asked === undefined) continue;
    const written = ofReader === null ? asked : writtenAs(asked, writer);
    if (written === undefined) steps.push(constant(defaultOf(asked), below));
    else if (taken.has(written)) throw new NotPlain('a field that is read as several');
    else taken.set(written, { as: ofReader === null ? null : asked.type, below });
  }
  for (const field of writer.fields) {
    const found = taken.get(field);
    steps.push(found === undefined ? compileSkip(field.type) : value(field.type, found.as, found.below));
  }
  return (cursor, found) => {
    for (const step of steps) step(cursor, found);
  };
}

/** Gives the reader's default, where the writer's schema has no such field. */
function constant(given: unknown, paths: readonly WantedPath[]): Step {
  const [path] = paths;
  if (path === undefined || paths.length > 1 || path.steps.length > 0 || path.count !== undefined)
    throw new NotPlain('a default that is not plain');
  const { place } = path;
  return (_, found) => put(found, place, given);
}

function put(found: Found, place: number, given: unknown): void {
  if (typeof given === 'number') {
    found.kinds[place] = NUMBER;
    found.numbers[place] = given;
  } else {
    found.kinds[place] = OTHER;
    found.values[place] = given;
  }
}

function scalar(writer: AvroType, reader: AvroType | null, place: number): Step {
  const read = numberOf(writer, reader);
  if (read !== null)
    return (cursor, found) => {
      found.numbers[place] = read(cursor);
      found.kinds[place] = NUMBER;
    };
  const decode: Decode = compileDecode(writer, reader);
  return (cursor, found) => put(found, place, decode(cursor));
}

/** Reads a type that is always a number, and is not converted. Null for other types. */
function numberOf(writer: AvroType, reader: AvroType | null): ((cursor: AvroCursor) => number) | null {
  const as = reader === null ? writer : readAs(writer, reader);
  if (writer.kind === 'float') return (cursor) => cursor.float();
  if (writer.kind === 'double') return (cursor) => cursor.double();
  const hasLogical = as !== undefined && 'logical' in as && as.logical !== null;
  return writer.kind === 'int' && !hasLogical ? (cursor) => cursor.long() : null;
}

function list(writer: AvroType, reader: AvroType | null, place: number, count: number): Step {
  if (writer.kind === 'null') return (_, found) => put(found, place, null);
  if (writer.kind !== 'array') throw new NotPlain('a list that is none');
  const as = reader === null ? null : readAs(writer, reader);
  const read = numberOf(writer.items, as?.kind === 'array' ? as.items : null);
  if (read === null) return mixedList(compileDecode(writer, reader), place, count);
  return (cursor, found) => {
    let done = 0;
    for (let size = cursor.block(); size > 0; size = cursor.block()) {
      if (done + size > count) throw new NotPlain('a longer list');
      for (; size > 0; size--) found.numbers[place + done++] = read(cursor);
    }
    if (done < count) throw new NotPlain('a shorter list');
    found.kinds.fill(NUMBER, place, place + count);
  };
}

/** Reads a list whose items may be other than numbers. */
const mixedList =
  (decode: Decode, place: number, count: number): Step =>
  (cursor, found) => {
    const items = decode(cursor) as readonly unknown[];
    if (items.length !== count) throw new NotPlain('a longer or a shorter list');
    items.forEach((item, index) => {
      if (typeof item !== 'number') throw new NotPlain('an item that is no number');
      found.numbers[place + index] = item;
    });
    found.kinds.fill(NUMBER, place, place + count);
  };
