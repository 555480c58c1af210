// The schema as a flat list of keys. Precedence, `--set`, the environment and the reference work on
// this list. A section is a key with keys below it. Everything else is a leaf, whatever its name:
// leaves of `kafka` have dots in their names.

import { z } from 'zod';
import { schema } from './schema.ts';

export interface Leaf {
  /** `microBatch.linger`, `kafka.bootstrap.servers`. */
  readonly key: string;
  readonly path: readonly string[];
  readonly type: z.ZodType;
  readonly description: string;
  /** `SCORELANE_MICRO_BATCH_LINGER`. */
  readonly variable: string;
}

function walk(object: z.ZodObject, path: readonly string[]): Leaf[] {
  return Object.entries(object.shape).flatMap(([name, type]) => {
    const here = [...path, name];
    if (type instanceof z.ZodObject) return walk(type, here);
    const description = (type as z.ZodType).description ?? '';
    return [
      { key: here.join('.'), path: here, type: type as z.ZodType, description, variable: variableOf(here) },
    ];
  });
}

export const variableOf = (path: readonly string[]): string =>
  `SCORELANE_${path
    .join('_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll(/[.-]/g, '_')
    .toUpperCase()}`;

export const leaves: readonly Leaf[] = walk(schema, []);

export const leafByKey: ReadonlyMap<string, Leaf> = new Map(leaves.map((leaf) => [leaf.key, leaf]));
