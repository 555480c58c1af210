// Why a file could not be read or written, in our words, and the error of a file that a command
// needs.

import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ScorelaneError } from '../base/errors.ts';
import { nearest } from './nearest.ts';

/** A file that the command needs cannot be read. Exit code 66. */
export class NoInputError extends ScorelaneError {
  readonly code = 'SCORELANE_NO_INPUT';
}

/** It can be read, but is no text. What reads it says of what kind the fault is. */
export class NotTextError extends NoInputError {}

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

/** Reads a text file that a command needs. Throws `NoInputError`, and `NotTextError` of that. */
export function readTextFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new NoInputError(`${path}: ${fileTrouble(error, path)}`, { cause: error });
  }
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  throw new NotTextError(`${path}:${placeOfOther(bytes)}: expected text in UTF-8, found other bytes`);
}

/** `line:column` of the first byte that is not UTF-8. */
function placeOfOther(bytes: Buffer): string {
  let line = 1;
  let start = 0;
  let end = bytes.indexOf(LINE_FEED);
  while (end >= 0 && isUtf8(bytes.subarray(start, end))) {
    line++;
    start = end + 1;
    end = bytes.indexOf(LINE_FEED, start);
  }
  const rest = bytes.subarray(start, end < 0 ? bytes.length : end);
  let whole = 0;
  // A character has at most four bytes.
  for (let tried = 1; tried <= rest.length && tried - whole <= 4; tried++)
    if (isUtf8(rest.subarray(whole, tried))) whole = tried;
  return `${line}:${rest.toString('utf8', 0, whole).length + 1}`;
}

const LINE_FEED = 0x0a;
