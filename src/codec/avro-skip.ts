// Skips values of Avro of any type, and so finds out whether bytes are one: avsc itself believes every length that it reads.

import type { Type } from 'avsc';
import { Cursor, NotPlain } from './avro-cursor.ts';
import { Found } from './avro-found.ts';

export type Step = (cursor: Cursor, found: Found) => void;

export const isUnion = ({ typeName }: Type): boolean => typeName.startsWith('union:');
export const isLogical = ({ typeName }: Type): boolean => typeName.startsWith('logical:');

/** What avsc's types say of themselves, as far as it is used here. */
export interface Shape {
  readonly typeName: string;
  readonly fields: readonly FieldShape[];
  readonly types: readonly Type[];
  readonly itemsType: Type;
  readonly valuesType: Type;
  readonly underlyingType: Type;
  readonly size: number;
  readonly symbols: readonly string[];
}

export interface FieldShape {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: Type;
  defaultValue(): unknown;
}

export const shapeOf = (type: Type): Shape => type as unknown as Shape;

export function branchOf(cursor: Cursor, branches: readonly Step[]): Step {
  const found = branches[cursor.long()];
  if (found === undefined) throw new NotPlain('a branch that is not there');
  return found;
}

/** Skips one value. Recursive types are skipped by what is being made for them. */
export function skip(type: Type, made = new Map<Type, { step: Step }>()): Step {
  const known = made.get(type);
  if (known !== undefined) return (cursor, found) => known.step(cursor, found);
  const own = { step: (): void => {} } as { step: Step };
  made.set(type, own);
  own.step = skipping(type, (inner) => skip(inner, made));
  return own.step;
}

function skipping(type: Type, skip: (type: Type) => Step): Step {
  const { fields, types, itemsType, valuesType, underlyingType, size, symbols } = shapeOf(type);
  if (isUnion(type)) {
    const branches = types.map((each) => skip(each));
    return (cursor, found) => branchOf(cursor, branches)(cursor, found);
  }
  if (isLogical(type)) return skip(underlyingType);
  switch (type.typeName) {
    case 'null':
      return () => {};
    case 'boolean':
      return (cursor) => cursor.skip(1);
    case 'float':
      return (cursor) => cursor.skip(4);
    case 'double':
      return (cursor) => cursor.skip(8);
    case 'fixed':
      return (cursor) => cursor.skip(size);
    case 'int':
    case 'long':
    case 'abstract:long':
      return (cursor) => cursor.skipLong();
    case 'enum':
      return (cursor) => {
        if (!(cursor.long() in symbols)) throw new NotPlain('a symbol that is not there');
      };
    case 'string':
    case 'bytes':
      return (cursor) => cursor.skip(cursor.long());
    case 'record': {
      const steps = fields.map((field) => skip(field.type));
      return (cursor, found) => {
        for (const step of steps) step(cursor, found);
      };
    }
    case 'array':
      return skipBlocks(skip(itemsType));
    case 'map': {
      const each = skip(valuesType);
      return skipBlocks((cursor, found) => {
        cursor.skip(cursor.long());
        each(cursor, found);
      });
    }
    default:
      throw new NotPlain(`a ${type.typeName}`);
  }
}

const skipBlocks =
  (each: Step): Step =>
  (cursor, found) => {
    for (let size = cursor.block(); size > 0; size = cursor.block())
      for (; size > 0; size--) each(cursor, found);
  };

const NOTHING_FOUND = new Found(0);

/** Whether the bytes from `start` on are exactly one value of a type: then no length in them can ask for more than there is. */
export function compileMeasure(type: Type): (bytes: Buffer) => boolean {
  const step = skip(type);
  const cursor = new Cursor();
  return (bytes) => {
    cursor.reset(bytes, 0, bytes.length);
    try {
      step(cursor, NOTHING_FOUND);
    } catch (error) {
      // Values nested too deep for the stack are none that anybody wrote.
      if (error instanceof NotPlain || error instanceof RangeError) return false;
      throw error;
    }
    return true;
  };
}
