// Defaults of a reader's schema: from the JSON in the schema to the value of a field that the
// writer did not have. The default of a union belongs to the first branch that it fits, as the
// specification says since 1.12. (Before, it had to fit the first branch.)

import { type AvroType, type RecordType, SchemaError, type SchemaField } from './avro-schema.ts';

/** The value of a field that was not written. Throws `SchemaError`. */
export function defaultOf({ name, type, default: said }: SchemaField): unknown {
  if (said === undefined) throw new SchemaError(`field "${name}" was not written, and has no default`);
  try {
    return valueSaid(type, said);
  } catch (error) {
    // Also a default without an end, of a record that contains itself.
    throw new SchemaError(`field "${name}": ${(error as Error).message}`, { cause: error });
  }
}

/** Throws `SchemaError` for the first default in a schema that does not fit its type. */
export function checkDefaults(type: AvroType, seen = new Set<AvroType>()): void {
  if (seen.has(type)) return;
  seen.add(type);
  if (type.kind === 'union') for (const branch of type.branches) checkDefaults(branch, seen);
  else if (type.kind === 'array') checkDefaults(type.items, seen);
  else if (type.kind === 'map') checkDefaults(type.values, seen);
  else if (type.kind === 'record') {
    for (const field of type.fields) {
      if (field.default !== undefined) defaultOf(field);
      checkDefaults(field.type, seen);
    }
  }
}

function valueSaid(type: AvroType, said: unknown): unknown {
  switch (type.kind) {
    case 'union': {
      const fits = type.branches.find((branch) => isFit(branch, said));
      return fits === undefined ? unfit(type, said) : valueSaid(fits, said);
    }
    case 'array':
      return Array.isArray(said) ? said.map((each) => valueSaid(type.items, each)) : unfit(type, said);
    case 'map':
      if (!isMap(said)) return unfit(type, said);
      return Object.fromEntries(
        Object.entries(said).map(([key, each]) => [key, valueSaid(type.values, each)]),
      );
    case 'record':
      return isMap(said) ? recordOf(type, said) : unfit(type, said);
    case 'enum':
      return type.symbols.includes(said as string) ? said : unfit(type, said);
    case 'bytes':
    case 'fixed': {
      if (typeof said !== 'string') return unfit(type, said);
      // Each letter stands for one byte.
      const bytes = Buffer.from(said, 'latin1');
      if (type.kind === 'fixed' && bytes.length !== type.size) return unfit(type, said);
      return type.logical?.toNumber?.(bytes) ?? bytes;
    }
    default:
      if (!IS_FIT[type.kind](said)) return unfit(type, said);
      return type.logical?.toNumber?.(said) ?? said;
  }
}

function recordOf({ fields }: RecordType, said: Readonly<Record<string, unknown>>): object {
  const valueIn = (field: SchemaField): unknown =>
    Object.hasOwn(said, field.name) ? valueSaid(field.type, said[field.name]) : defaultOf(field);
  return Object.fromEntries(fields.map((field) => [field.name, valueIn(field)]));
}

const isMap = (said: unknown): said is Readonly<Record<string, unknown>> =>
  said !== null && typeof said === 'object' && !Array.isArray(said);
const isNumber = (said: unknown): boolean => typeof said === 'number';

const IS_FIT = {
  null: (said: unknown): boolean => said === null,
  boolean: (said: unknown): boolean => typeof said === 'boolean',
  int: (said: unknown): boolean => Number.isInteger(said),
  long: (said: unknown): boolean => Number.isInteger(said),
  float: isNumber,
  double: isNumber,
  string: (said: unknown): boolean => typeof said === 'string',
} as const;

function isFit(type: AvroType, said: unknown): boolean {
  try {
    valueSaid(type, said);
    return true;
  } catch (error) {
    if (error instanceof SchemaError) return false;
    throw error;
  }
}

function unfit({ kind }: AvroType, said: unknown): never {
  throw new SchemaError(`the default ${JSON.stringify(said)?.slice(0, 80)} is no ${kind}`);
}
