// Skips values of Avro of any type.

import { type AvroCursor, NoValueError } from './avro-cursor.ts';
import type { AvroType } from './avro-schema.ts';

export type Skip = (cursor: AvroCursor) => void;

export function branchOf<T>(cursor: AvroCursor, branches: readonly T[]): T {
  const found = branches[cursor.long()];
  if (found === undefined) throw new NoValueError('a branch that is not there');
  return found;
}

/** Compiles what skips one value. A recursive type uses the skipper that is in the making. */
export function compileSkip(type: AvroType, made = new Map<AvroType, { skip: Skip }>()): Skip {
  const known = made.get(type);
  if (known !== undefined) return (cursor) => known.skip(cursor);
  const own = { skip: (): void => {} } as { skip: Skip };
  made.set(type, own);
  own.skip = skipping(type, (inner) => compileSkip(inner, made));
  return own.skip;
}

function skipping(type: AvroType, compile: (type: AvroType) => Skip): Skip {
  switch (type.kind) {
    case 'null':
      return () => {};
    case 'boolean':
      return (cursor) => void cursor.boolean();
    case 'float':
      return (cursor) => cursor.skip(4);
    case 'double':
      return (cursor) => cursor.skip(8);
    case 'fixed':
      return (cursor) => cursor.skip(type.size);
    case 'int':
    case 'long':
      return (cursor) => cursor.skipLong();
    case 'enum':
      return (cursor) => void branchOf(cursor, type.symbols);
    case 'string':
    case 'bytes':
      return (cursor) => cursor.skip(cursor.long());
    case 'union': {
      const branches = type.branches.map(compile);
      return (cursor) => branchOf(cursor, branches)(cursor);
    }
    case 'record': {
      const steps = type.fields.map((field) => compile(field.type));
      return (cursor) => {
        for (const step of steps) step(cursor);
      };
    }
    case 'array':
      return skipBlocks(compile(type.items));
    case 'map': {
      const each = compile(type.values);
      return skipBlocks((cursor) => {
        cursor.skip(cursor.long());
        each(cursor);
      });
    }
  }
}

const skipBlocks =
  (each: Skip): Skip =>
  (cursor) => {
    for (let size = cursor.block(); size > 0; size = cursor.block()) for (; size > 0; size--) each(cursor);
  };
