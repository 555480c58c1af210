// Reads schemas of Avro from JSON, as leniently as the libraries that write such records. Some
// mistakes do not touch the bytes of a value: names with letters that the specification forbids,
// wrong defaults, the kind "error", unknown properties. They are no reason to refuse a schema. avsc
// refuses all of these, so only tests use it, as a second opinion.
// https://avro.apache.org/docs/1.12.0/specification/

import { ScorelaneError } from '../base/errors.ts';
import { type Logical, logicalOf } from './avro-logical.ts';

/** The text is no schema, or the reader's schema does not match it. */
export class SchemaError extends ScorelaneError {
  readonly code = 'SCORELANE_SCHEMA';
}

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type PrimitiveKind = (typeof PRIMITIVES)[number];

export interface PrimitiveType {
  readonly kind: PrimitiveKind;
  readonly logical: Logical | null;
}

interface Named {
  /** The name with its namespace. */
  readonly name: string;
  readonly aliases: readonly string[];
}
export interface FixedType extends Named {
  readonly kind: 'fixed';
  readonly size: number;
  readonly logical: Logical | null;
}
export interface EnumType extends Named {
  readonly kind: 'enum';
  readonly symbols: readonly string[];
  /** Stands for symbols that the reader does not know. */
  readonly default: string | undefined;
}
export interface RecordType extends Named {
  readonly kind: 'record';
  readonly fields: readonly SchemaField[];
}
export interface ArrayType {
  readonly kind: 'array';
  readonly items: AvroType;
}
export interface MapType {
  readonly kind: 'map';
  readonly values: AvroType;
}
export interface UnionType {
  readonly kind: 'union';
  readonly branches: readonly AvroType[];
}
export type AvroType = PrimitiveType | FixedType | EnumType | RecordType | ArrayType | MapType | UnionType;
export type NamedType = FixedType | EnumType | RecordType;

export interface SchemaField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /**
   * The default as JSON, or undefined if there is none. It is checked only where it is needed: a
   * writer's default never is.
   */
  readonly default: unknown;
}

/** The JSON of a schema, and before it the JSON of the schemas whose names it uses. */
export interface SchemaText {
  readonly schema: string;
  readonly references: readonly string[];
}

/** Throws `SchemaError`. */
export function parseSchema(text: string | SchemaText): AvroType {
  const { schema, references } = typeof text === 'string' ? { schema: text, references: [] } : text;
  const names = new Names();
  try {
    for (const reference of references) names.type(JSON.parse(reference), '');
    return names.type(JSON.parse(schema), '');
  } catch (error) {
    // Also text that is no JSON, or that is nested too deep for the stack.
    throw new SchemaError(`no schema of Avro: ${(error as Error).message}`, { cause: error });
  }
}

type Said = Readonly<Record<string, unknown>>;

const isPrimitive = (said: unknown): said is PrimitiveKind => PRIMITIVES.includes(said as PrimitiveKind);
const shown = (said: unknown): string => (JSON.stringify(said) ?? 'nothing').slice(0, 80);
const textsOf = (said: unknown): string[] =>
  Array.isArray(said) ? said.filter((each) => typeof each === 'string') : [];

/** The last part of a name. */
export const unqualified = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
const spaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
const qualified = (name: string, space: string): string =>
  name.includes('.') || space === '' ? name : `${space}.${name}`;

/** Reads types, and knows the names of the types that were read. */
class Names {
  readonly #known = new Map<string, NamedType>();

  type(said: unknown, space: string): AvroType {
    if (typeof said === 'string')
      return isPrimitive(said) ? { kind: said, logical: null } : this.#named(said, space);
    if (Array.isArray(said)) return { kind: 'union', branches: said.map((each) => this.type(each, space)) };
    if (said === null || typeof said !== 'object')
      throw new SchemaError(`expected a type, found ${shown(said)}`);
    return this.#complex(said as Said, space);
  }

  #named(name: string, space: string): NamedType {
    const found = this.#known.get(qualified(name, space)) ?? this.#known.get(name);
    if (found === undefined) throw new SchemaError(`undefined type name: ${name}`);
    return found;
  }

  #complex(said: Said, space: string): AvroType {
    const { type } = said;
    if (isPrimitive(type)) return { kind: type, logical: logicalOf(type, said) };
    switch (type) {
      case 'array':
        return { kind: 'array', items: this.type(said.items, space) };
      case 'map':
        return { kind: 'map', values: this.type(said.values, space) };
      case 'fixed': {
        const { size } = said;
        if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
          throw new SchemaError(`expected the size of a fixed, found ${shown(size)}`);
        return this.#define({ kind: type, ...nameOf(said, space), size, logical: logicalOf(type, said) });
      }
      case 'enum': {
        const symbols = textsOf(said.symbols);
        if (!Array.isArray(said.symbols) || symbols.length < said.symbols.length)
          throw new SchemaError(`expected the symbols of an enum, found ${shown(said.symbols)}`);
        const fallback = typeof said.default === 'string' ? said.default : undefined;
        return this.#define({ kind: type, ...nameOf(said, space), symbols, default: fallback });
      }
      case 'record':
      case 'error':
        return this.#record(said, space);
      default:
        // A name, or a type inside another type.
        return this.type(type, space);
    }
  }

  #record(said: Said, space: string): RecordType {
    const fields: SchemaField[] = [];
    const named = nameOf(said, space);
    // The type may name itself.
    const type = this.#define({ kind: 'record', ...named, fields } as const);
    if (!Array.isArray(said.fields))
      throw new SchemaError(`expected the fields of ${named.name}, found ${shown(said.fields)}`);
    for (const each of said.fields as readonly unknown[]) {
      const { name, type: own, aliases, default: fallback } = (each ?? {}) as Said;
      if (typeof name !== 'string')
        throw new SchemaError(`expected a field with a name, found ${shown(each)}`);
      if (fields.some((field) => field.name === name))
        throw new SchemaError(`${named.name} has two fields ${name}`);
      fields.push({
        name,
        aliases: textsOf(aliases),
        type: this.type(own, spaceOf(named.name)),
        default: fallback,
      });
    }
    return type;
  }

  #define<T extends NamedType>(type: T): T {
    // Nothing can refer to a type without a name.
    if (type.name === '') return type;
    if (this.#known.has(type.name)) throw new SchemaError(`${type.name} is defined twice`);
    this.#known.set(type.name, type);
    return type;
  }
}

function nameOf({ name = '', namespace, aliases }: Said, space: string): Named {
  if (typeof name !== 'string') throw new SchemaError(`expected a name, found ${shown(name)}`);
  const full = qualified(name, typeof namespace === 'string' ? namespace : space);
  return { name: full, aliases: textsOf(aliases).map((alias) => qualified(alias, spaceOf(full))) };
}
