// Walks values of Avro without decoding them: compiled once for a writer's schema, it puts what is wanted into flat places and
// skips the rest. What is not plain (recursive types, logical ones that are wanted, integers beyond 2^53) is left to avsc.
// Format: https://avro.apache.org/docs/1.12.0/specification/#binary-encoding

import type { Type } from 'avsc';
import { Cursor, NotPlain } from './avro-cursor.ts';
import { ABSENT, type Found, NUMBER, OTHER } from './avro-found.ts';
import { branchOf, type FieldShape, isLogical, isUnion, type Step, shapeOf, skip } from './avro-skip.ts';

/** A path of the reader's schema, or the writer's where there is none; for a list, of exactly so many numbers. */
export interface WantedPath {
  readonly steps: readonly string[];
  /** Its place in what is found; a list takes `count` of them. */
  readonly place: number;
  readonly count?: number | undefined;
}

/** Walks the value in `bytes[start .. end)`. Returns false, or throws, when it is not plain. */
export type Walk = (bytes: Buffer, start: number, end: number, found: Found) => boolean;

/** Null where values of these types are not plain. */
export function compileWalk(
  writer: Type,
  reader: Type | null,
  wanted: readonly WantedPath[],
  nestingMax: number,
): Walk | null {
  let walk: Step;
  try {
    if (depthOf(writer, []) > nestingMax) return null;
    walk = value(writer, reader, wanted);
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  }
  const cursor = new Cursor();
  return (bytes, start, end, found) => {
    cursor.reset(bytes, start, end);
    found.kinds.fill(ABSENT);
    walk(cursor, found);
    return cursor.at === end;
  };
}

/** Lists and maps inside of each other, at most. */
function depthOf(type: Type, around: readonly Type[]): number {
  if (around.includes(type)) throw new NotPlain('a recursive type');
  const { fields, types, itemsType, valuesType, underlyingType } = shapeOf(type);
  const within = [...around, type];
  const deepest = (all: readonly Type[]): number => Math.max(0, ...all.map((each) => depthOf(each, within)));
  if (isUnion(type)) return deepest(types);
  if (isLogical(type)) return depthOf(underlyingType, within);
  switch (type.typeName) {
    case 'record':
      return 1 + deepest(fields.map((field) => field.type));
    case 'array':
      return 1 + depthOf(itemsType, within);
    case 'map':
      return 1 + depthOf(valuesType, within);
    default:
      return 0;
  }
}

/** Reads what is wanted of a value: it itself, or fields of it. */
function value(writer: Type, reader: Type | null, wanted: readonly WantedPath[]): Step {
  if (isUnion(writer)) {
    const branches = shapeOf(writer).types.map((branch) => value(branch, reader, wanted));
    return (cursor, found) => branchOf(cursor, branches)(cursor, found);
  }
  const own = wanted.filter(({ steps }) => steps.length === 0);
  const [leaf] = own;
  if (leaf === undefined) return record(writer, reader, wanted);
  if (own.length < wanted.length || own.length > 1) throw new NotPlain('a value and fields of it');
  if (reader !== null && !isPlainReader(reader)) throw new NotPlain('a type that is not plain');
  return leaf.count === undefined ? scalar(writer, leaf.place) : list(writer, leaf.place, leaf.count);
}

/** Whether what such a reader gives is what was written. */
function isPlainReader(reader: Type): boolean {
  if (isUnion(reader)) return shapeOf(reader).types.every(isPlainReader);
  if (reader.typeName === 'array') return isPlainReader(shapeOf(reader).itemsType);
  return PLAIN.has(reader.typeName);
}
const PLAIN: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'abstract:long',
  'float',
  'double',
  'string',
]);

function record(writer: Type, reader: Type | null, wanted: readonly WantedPath[]): Step {
  if (writer.typeName === 'null') {
    // The fields of what is null are not there.
    return () => {};
  }
  const ofReader = reader === null ? null : recordIn(reader);
  if (writer.typeName !== 'record' || (reader !== null && ofReader === null))
    throw new NotPlain('fields of what is no record');
  const byName = Map.groupBy(wanted, ({ steps }) => steps[0] as string);
  const steps: Step[] = [];
  const taken = new Map<FieldShape, readonly [Type | null, readonly WantedPath[]]>();
  for (const [name, paths] of byName) {
    const below = paths.map((path) => ({ ...path, steps: path.steps.slice(1) }));
    const asked = ofReader === null ? null : shapeOf(ofReader).fields.find((field) => field.name === name);
    if (asked === undefined) continue;
    const names = asked === null ? [name] : [asked.name, ...asked.aliases];
    const written = shapeOf(writer).fields.find((field) => names.includes(field.name));
    if (written !== undefined) taken.set(written, [asked?.type ?? null, below]);
    else if (asked !== null) steps.push(constant(asked.defaultValue(), below));
  }
  for (const field of shapeOf(writer).fields) {
    const [type, paths] = taken.get(field) ?? [null, []];
    steps.push(paths.length === 0 ? skip(field.type) : value(field.type, type, paths));
  }
  return (cursor, found) => {
    for (const step of steps) step(cursor, found);
  };
}

function recordIn(reader: Type): Type | null {
  if (reader.typeName === 'record') return reader;
  const records = isUnion(reader)
    ? shapeOf(reader).types.filter(({ typeName }) => typeName === 'record')
    : [];
  return records.length === 1 ? (records[0] as Type) : null;
}

/** What the reader's schema says where the writer's has no such field. */
function constant(given: unknown, paths: readonly WantedPath[]): Step {
  const [path] = paths;
  const isPlain = given === null || ['number', 'string', 'boolean'].includes(typeof given);
  if (path === undefined || paths.length > 1 || path.steps.length > 0 || path.count !== undefined || !isPlain)
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

function number(read: (cursor: Cursor) => number, place: number): Step {
  return (cursor, found) => {
    found.numbers[place] = read(cursor);
    found.kinds[place] = NUMBER;
  };
}

function scalar({ typeName }: Type, place: number): Step {
  switch (typeName) {
    case 'null':
      return (_, found) => put(found, place, null);
    case 'boolean':
      return (cursor, found) => put(found, place, cursor.boolean());
    case 'string':
      return (cursor, found) => put(found, place, cursor.string());
    default:
      return number(numberOf(typeName), place);
  }
}

function numberOf(typeName: string): (cursor: Cursor) => number {
  switch (typeName) {
    case 'int':
    case 'long':
    case 'abstract:long':
      return (cursor) => cursor.long();
    case 'float':
      return (cursor) => cursor.float();
    case 'double':
      return (cursor) => cursor.double();
    default:
      throw new NotPlain(`a ${typeName}`);
  }
}

function list(type: Type, place: number, count: number): Step {
  if (type.typeName !== 'array') throw new NotPlain('a list that is none');
  const read = numberOf(shapeOf(type).itemsType.typeName);
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
