// Keys that are paths. In the file a relative path is relative to the folder of the file, so that
// it means the same wherever a command is begun. From the environment and from flags, and as a
// default, it is relative to the working directory.

import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { bare } from '../written/wanted.ts';

const paths = z.registry<{ readonly what: string }>();

/** The path of a file or folder. */
export const path = (what: 'a file' | 'a folder') =>
  z.string().min(1, `expected the path of ${what}`).register(paths, { what });

/** Whether the value is a path, or a list of paths. */
export function isPath(type: z.ZodType): boolean {
  const inner = bare(type);
  return paths.has(inner instanceof z.ZodArray ? bare(inner.element as z.ZodType) : inner);
}

/** A value from the file. What is no path stays as it is. */
export function besideFile(file: string, value: unknown, type: z.ZodType): unknown {
  if (!isPath(type)) return value;
  if (Array.isArray(value)) return value.map((each) => beside(file, each));
  return beside(file, value);
}

const beside = (file: string, value: unknown): unknown =>
  typeof value === 'string' && value !== '' && !isAbsolute(value) ? join(dirname(file), value) : value;
