// A file that a command writes, line by line. It stands under its name when it is whole: until then
// it is a draft beside it, and a file that was there before stays.

import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  createWriteStream,
  fstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CannotWriteError } from '../daemon/errors.ts';
import { fileTrouble } from '../written/file-trouble.ts';

export interface OutFile {
  /** Where to write words about it: not into standard output if that is the file. */
  readonly notes: NodeJS.WritableStream;
  /** What is written is not seen before the end. */
  readonly isDraft: boolean;
  /** Whether it is a pipe whose reader has closed it. What is written further goes nowhere. */
  readonly hadEnough: boolean;
  /**
   * Resolves when more can be written: what waits for the disk is bounded. Rejects as `end` does.
   */
  write(lines: readonly string[]): Promise<void>;
  /** The same for lines with their line ends, as bytes. */
  writeBytes(lines: Uint8Array): Promise<void>;
  /**
   * Resolves when all is written. Rejects with `CannotWriteError` if something could not be
   * written.
   */
  end(): Promise<void>;
}

/**
 * A draft that never ends goes with the process, however that ends. Throws `CannotWriteError` if
 * there can be none.
 */
export function openOutFile(file: string): OutFile {
  const refuse = (error: Error): never => {
    throw new CannotWriteError(`${file} could not be written: ${fileTrouble(error, file, 'write')}`, {
      cause: error,
    });
  };
  const target = placeOf(file);
  const draft = target === null ? null : `${target}.draft-${process.pid}`;
  const discard = (): void => {
    if (draft !== null) rmSync(draft, { force: true });
  };
  let out: Writable;
  try {
    out = draft === null ? inPlace(file) : createWriteStream(draft, { fd: openSync(draft, 'w') });
  } catch (error) {
    return refuse(error as Error);
  }
  process.once('exit', discard);
  let hadEnough = false;
  const written = finished(out)
    .catch((error: NodeJS.ErrnoException) => {
      hadEnough = error.code === 'EPIPE';
      if (!hadEnough) throw error;
    })
    .then(() => {
      if (target !== null && draft !== null) putInPlace(draft, target);
    })
    .catch(refuse);
  // Everybody who waits is told of a failure.
  written.catch(() => {});
  const write = async (lines: string | Uint8Array): Promise<void> => {
    if (out.errored !== null) await written;
    else if (lines.length > 0 && !out.write(lines)) await once(out, 'drain').catch(() => written);
  };
  return {
    notes: isStandardOutput(statSync(file, { throwIfNoEntry: false })) ? process.stderr : process.stdout,
    isDraft: draft !== null,
    get hadEnough() {
      return hadEnough;
    },
    write: (lines) => write(lines.length === 0 ? '' : `${lines.join('\n')}\n`),
    writeBytes: write,
    async end() {
      out.end();
      await written;
      process.off('exit', discard);
    },
  };
}

/**
 * What stands behind standard output may be a socket, which has no name to be opened by, or a file
 * with something in it: opened anew it would lose what others wrote, or will write behind us.
 */
function inPlace(file: string): Writable {
  const stats = statSync(file, { throwIfNoEntry: false });
  const isOpen = stats !== undefined && (stats.isSocket() || stats.isFile()) && isStandardOutput(stats);
  if (!isOpen) return createWriteStream(file);
  const out = new PassThrough();
  process.stdout.once('error', (error) => out.destroy(error));
  out.pipe(process.stdout, { end: false });
  return out;
}

/**
 * Where a draft will stand in the end. Null for what is written directly: a device, a pipe, a file
 * that the shell has opened, and one in a folder that takes no other file.
 */
function placeOf(file: string): string | null {
  if (/^\/(?:dev|proc)\//.test(resolve(file))) return null;
  const before = statSync(file, { throwIfNoEntry: false });
  if (before === undefined) return file;
  if (!before.isFile() || isStandardOutput(before)) return null;
  // Behind a symbolic link it is the file that is replaced, not the link.
  const place = realpathSync(file);
  try {
    // One that must not be written is not replaced either: to open it says so.
    accessSync(place, constants.W_OK);
    accessSync(dirname(place), constants.W_OK);
    return place;
  } catch {
    return null;
  }
}

/** The new file has the rights of the one before it. */
function putInPlace(draft: string, target: string): void {
  const before = statSync(target, { throwIfNoEntry: false });
  if (before !== undefined) chmodSync(draft, before.mode & 0o7777);
  try {
    renameSync(draft, target);
  } catch (error) {
    // A file that is mounted by itself, as containers do, cannot be replaced, only written.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    copyFileSync(draft, target);
    rmSync(draft);
  }
}

/** Throws if a file that is read would be overwritten: it would be lost before it is read. */
export function refuseSameFile(read: string, write: string): void {
  const from = statSync(read);
  if (from.isFile() && isSameFile(from, statSync(write, { throwIfNoEntry: false })))
    throw new CannotWriteError(`${write} is the file that is read; expected another one to write to`);
}

const isStandardOutput = (stats: Stats | undefined): boolean => isSameFile(stats, fstatSync(1));

const isSameFile = (one: Stats | undefined, other: Stats | undefined): boolean =>
  one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
