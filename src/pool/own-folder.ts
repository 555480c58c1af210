// A folder of this process alone, beside those of others: for files that nobody needs once their process is gone. It goes at an orderly
// stop. What a killed process leaves is deleted by those that live, by its age.
//
// A name cannot tell whether its owner lives: in containers every daemon is process 1, host names repeat, a number is given out again,
// and several hosts may share a volume. So the owner shows that it lives: it writes a small file again and again. How old that file
// is says the one clock that all hosts agree on, the file system's: it is held against the time of the reader's own, written just
// before. A process that stood still for so long (a laptop asleep) loses its drafts, and with them one snapshot; it makes its folder anew.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { type Cancel, every } from '../time/timer.ts';

export interface OwnFolderOptions {
  /** How often it says that it lives. */
  readonly everyMs?: number;
  /** What could not be written, or deleted. */
  readonly onTrouble?: (words: string) => void;
}

/** Shows by its age whether the owner lives; says to people who that is. */
const SIGN = 'alive';
/** What mkdtemp adds. */
const RANDOM = /^[A-Za-z0-9]{6}$/;
const EVERY_MS = 60_000;
/** Ten signs in a row: a disk that hangs, or the cache of a network's file system, is no death. */
const DEAD_AFTER_MS = 600_000;

export class OwnFolder {
  readonly path: string;
  readonly #parent: string;
  readonly #prefix: string;
  readonly #onTrouble: (words: string) => void;
  readonly #cancel: Cancel;
  /** One after the other: a sign that comes late must not bring back what was deleted at the end. */
  #looking: Promise<void>;

  /** Throws where it cannot be made. Folders in `parent` are of this kind by their name - `prefix` and six letters - and their sign. */
  constructor(
    parent: string,
    prefix: string,
    { everyMs = EVERY_MS, onTrouble = () => {} }: OwnFolderOptions,
  ) {
    mkdirSync(parent, { recursive: true });
    this.path = mkdtempSync(join(parent, prefix));
    writeFileSync(join(this.path, SIGN), owner());
    this.#parent = parent;
    this.#prefix = prefix;
    this.#onTrouble = onTrouble;
    this.#looking = this.#look();
    this.#cancel = every(
      everyMs,
      () => {
        this.#looking = this.#looking.then(() => this.#look());
      },
      { keepsAlive: false },
    );
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#looking;
    await rm(this.path, { recursive: true, force: true });
  }

  #isOfThisKind(path: string): boolean {
    const name = basename(path);
    return name.startsWith(this.#prefix) && RANDOM.test(name.slice(this.#prefix.length));
  }

  /** Says that this process lives, and deletes what dead ones have left. */
  async #look(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      const sign = join(this.path, SIGN);
      await writeFile(sign, owner());
      const { mtimeMs: nowMs } = await stat(sign);
      const names = await readdir(this.#parent);
      const others = names.map((name) => join(this.#parent, name)).filter((path) => path !== this.path);
      for (const path of others.filter((each) => this.#isOfThisKind(each))) await deleteIfDead(path, nowMs);
    } catch (error) {
      this.#onTrouble((error as Error).message);
    }
  }
}

const owner = (): string => `${hostname()} ${process.pid}\n`;

async function deleteIfDead(path: string, nowMs: number): Promise<void> {
  try {
    if (!(await lstat(path)).isDirectory()) return;
    // One that has no sign was made this moment, or by somebody else: it is not ours to delete.
    const { mtimeMs } = await stat(join(path, SIGN));
    if (nowMs - mtimeMs > DEAD_AFTER_MS) await rm(path, { recursive: true, force: true });
  } catch (error) {
    // Another has deleted it; or it is of another user, who has to do it.
    if (!['ENOENT', 'ENOTEMPTY', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}
