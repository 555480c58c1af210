// The Parsing Canonical Form of a schema: the parts of it that decide the bytes of a value. The
// schema is known by the fingerprint of this form.
// https://avro.apache.org/docs/1.12.0/specification/#parsing-canonical-form-for-schemas

import { type AvroType, type NamedType, parseSchema } from './avro-schema.ts';

/** Throws `SchemaError`. */
export const canonicalSchema = (schema: string): string =>
  JSON.stringify(form(parseSchema(schema), new Set()));

/** The specification sets the order of the properties. */
function form(type: AvroType, named: Set<NamedType>): unknown {
  switch (type.kind) {
    case 'union':
      return type.branches.map((branch) => form(branch, named));
    case 'array':
      return { type: type.kind, items: form(type.items, named) };
    case 'map':
      return { type: type.kind, values: form(type.values, named) };
    case 'record':
    case 'enum':
    case 'fixed':
      if (named.has(type)) return type.name;
      named.add(type);
      return { name: type.name, type: type.kind, ...inside(type, named) };
    default:
      return type.kind;
  }
}

function inside(type: NamedType, named: Set<NamedType>): object {
  if (type.kind === 'enum') return { symbols: type.symbols };
  if (type.kind === 'fixed') return { size: type.size };
  return { fields: type.fields.map((field) => ({ name: field.name, type: form(field.type, named) })) };
}
