// Finds the type of a reader's schema that matches a type of a writer's schema: by names, aliases,
// promotions and branches of unions.
// https://avro.apache.org/docs/1.12.0/specification/#schema-resolution

import {
  type AvroType,
  type NamedType,
  type PrimitiveKind,
  type RecordType,
  type SchemaField,
  unqualified,
} from './avro-schema.ts';

const PROMOTIONS: Readonly<Partial<Record<string, readonly PrimitiveKind[]>>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

const isNamed = (type: AvroType): type is NamedType =>
  type.kind === 'record' || type.kind === 'enum' || type.kind === 'fixed';

/**
 * How well two types match that are not unions. 0: not at all. The types of their parts do not
 * count.
 */
export function matchOf(writer: AvroType, reader: AvroType): number {
  if (writer.kind !== reader.kind)
    return PROMOTIONS[writer.kind]?.includes(reader.kind as PrimitiveKind) ? 1 : 0;
  if (!isNamed(writer) || !isNamed(reader)) return 3;
  if (writer.kind === 'fixed' && writer.size !== (reader as typeof writer).size) return 0;
  const names = [reader.name, ...reader.aliases];
  if (writer.name === '' || reader.name === '' || names.includes(writer.name)) return 3;
  // Namespaces are not compared.
  return names.some((name) => unqualified(name) === unqualified(writer.name)) ? 2 : 0;
}

/**
 * The reader's type for a writer's type that is no union. If the reader's type is a union, this is
 * the branch that fits best. Undefined if none fits.
 */
export function readAs(writer: AvroType, reader: AvroType): AvroType | undefined {
  if (reader.kind !== 'union') return matchOf(writer, reader) > 0 ? reader : undefined;
  let best: AvroType | undefined;
  for (const branch of reader.branches) {
    const found = readAs(writer, branch);
    if (found !== undefined && matchOf(writer, found) > (best === undefined ? 0 : matchOf(writer, best)))
      best = found;
  }
  return best;
}

/**
 * The field of a writer's record from which a reader's field is read. It has the same name, or one
 * of its aliases.
 */
export function writtenAs(asked: SchemaField, writer: RecordType): SchemaField | undefined {
  for (const name of [asked.name, ...asked.aliases]) {
    const found = writer.fields.find((field) => field.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A type in words. */
export const nameOf = (type: AvroType): string =>
  isNamed(type) && type.name !== '' ? `the ${type.kind} ${type.name}` : `a ${type.kind}`;
