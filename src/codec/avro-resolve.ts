// Which type of a reader's schema stands for which of a writer's: names, aliases, promotions,
// branches of unions. https://avro.apache.org/docs/1.12.0/specification/#schema-resolution

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

/** How well two types go together that are no unions, by what they are themselves: 0 not at all. */
export function matchOf(writer: AvroType, reader: AvroType): number {
  if (writer.kind !== reader.kind)
    return PROMOTIONS[writer.kind]?.includes(reader.kind as PrimitiveKind) ? 1 : 0;
  if (!isNamed(writer) || !isNamed(reader)) return 3;
  if (writer.kind === 'fixed' && writer.size !== (reader as typeof writer).size) return 0;
  const names = [reader.name, ...reader.aliases];
  if (writer.name === '' || reader.name === '' || names.includes(writer.name)) return 3;
  // Namespaces do not count.
  return names.some((name) => unqualified(name) === unqualified(writer.name)) ? 2 : 0;
}

/**
 * What a reader's type comes to for a writer's that is no union: of a union the branch that fits
 * best. Undefined where none does.
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

/** The field of a writer's record that a reader's is read from, by its name or else an alias. */
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
