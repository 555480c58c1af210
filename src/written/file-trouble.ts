// Why a file could not be read or written, in our words, and the error of a file that a command
// needs.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ScorelaneError } from '../base/errors.ts';
import { nearest } from './nearest.ts';

/** A file that the command needs cannot be read. Exit code 66. */
export class NoInputError extends ScorelaneError {
  readonly code = 'SCORELANE_NO_INPUT';
}

type Act = 'read' | 'write';

/** By code of the system: what was found instead of a file. */
const FOUND: Readonly<Record<string, string>> = {
  EISDIR: 'a folder',
  ENOTDIR: 'a file where one of its folders should be',
  EACCES: 'no right to it',
  EPERM: 'no right to it',
  EROFS: 'a file system that cannot be written',
  ENOSPC: 'no space left on its disk',
  EDQUOT: 'no space left of the quota',
  ELOOP: 'symbolic links in a circle',
  ENAMETOOLONG: 'a name that is too long',
  EMFILE: 'too many files open in this process',
  ENFILE: 'too many files open on this machine',
  EIO: 'a disk that does not answer',
  EBUSY: 'a file that is in use',
  ETXTBSY: 'a program that is running',
};

/** An error of the system, such as those of `node:fs`. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error &&
  'errno' in error &&
  typeof (error as { readonly code?: unknown }).code === 'string';

/** `expected a file …, found …`, for an error of `node:fs`. Throws all others again. */
export function fileTrouble(error: unknown, path: string, act: Act = 'read'): string {
  if (!isSystemError(error)) throw error;
  const expected =
    act === 'read' ? 'expected a file that can be read' : 'expected a file that can be written';
  const { code = '' } = error;
  if (code !== 'ENOENT')
    return `${expected}, found ${FOUND[code] ?? `trouble that the system calls ${code}`}`;
  return act === 'read'
    ? `${expected}, found none of that name${neighbour(path)}`
    : `${expected}, found no folder for it`;
}

/** The same for a folder whose names are read. */
export function folderTrouble(error: unknown): string {
  if (!isSystemError(error)) throw error;
  const { code = '' } = error;
  const found = code === 'ENOENT' ? 'none of that name' : code === 'ENOTDIR' ? 'a file' : FOUND[code];
  return `expected a folder that can be read, found ${found ?? `trouble that the system calls ${code}`}`;
}

/** A name in the same folder that is nearly the wanted one. */
function neighbour(path: string): string {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)));
    return near === undefined ? '' : `; did you mean "${join(dirname(path), near)}"?`;
  } catch {
    return '';
  }
}

/** Reads a text file that a command needs. Throws `NoInputError`. */
export function readTextFile(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new NoInputError(`${path}: expected text in UTF-8, found other bytes`, { cause: error });
    throw new NoInputError(`${path}: ${fileTrouble(error, path)}`, { cause: error });
  }
}
