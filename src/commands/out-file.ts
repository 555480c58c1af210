// A file that a command writes, line by line.

import { once } from 'node:events';
import { createWriteStream, fstatSync, type Stats, statSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { CannotWriteError } from '../daemon/errors.ts';
import { fileTrouble } from '../written/file-trouble.ts';

export interface OutFile {
  /** Where to write words about it: not into standard output if that is the file. */
  readonly notes: NodeJS.WritableStream;
  /**
   * Resolves when more can be written: what waits for the disk is bounded. Rejects as `end` does.
   */
  write(lines: readonly string[]): Promise<void>;
  /**
   * Resolves when all is written. Rejects with `CannotWriteError` if something could not be
   * written.
   */
  end(): Promise<void>;
}

export function openOutFile(file: string): OutFile {
  const out = createWriteStream(file);
  const written = finished(out).catch((error: Error) => {
    throw new CannotWriteError(`${file} could not be written: ${fileTrouble(error, file, 'write')}`, {
      cause: error,
    });
  });
  // Everybody who waits is told of a failure.
  written.catch(() => {});
  return {
    notes: isSameFile(statSync(file, { throwIfNoEntry: false }), fstatSync(1))
      ? process.stderr
      : process.stdout,
    async write(lines) {
      if (out.errored !== null) await written;
      if (lines.length > 0 && !out.write(`${lines.join('\n')}\n`))
        await once(out, 'drain').catch(() => written);
    },
    end() {
      out.end();
      return written;
    },
  };
}

/** Throws if a file that is read would be overwritten: it would be lost before it is read. */
export function refuseSameFile(read: string, write: string): void {
  const from = statSync(read);
  if (from.isFile() && isSameFile(from, statSync(write, { throwIfNoEntry: false })))
    throw new CannotWriteError(`${write} is the file that is read; expected another one to write to`);
}

const isSameFile = (one: Stats | undefined, other: Stats | undefined): boolean =>
  one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
