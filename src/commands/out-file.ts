// A file that a command writes, line by line.

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { CannotWriteError } from '../daemon/errors.ts';

export interface OutFile {
  write(line: string): void;
  /**
   * Resolves when all is written. Rejects with `CannotWriteError` if something could not be
   * written.
   */
  end(): Promise<void>;
}

export function openOutFile(file: string): OutFile {
  const out = createWriteStream(file);
  const written = finished(out).catch((error: Error) => {
    throw new CannotWriteError(`${file} could not be written: ${error.message}`, { cause: error });
  });
  return {
    write: (line) => void out.write(`${line}\n`),
    end: () => {
      out.end();
      return written;
    },
  };
}
