// A folder of this process alone, beside the folders of others: for files that nobody needs when
// their process is gone. It goes with the process, if not before. The folder of a killed process is
// deleted by the processes that live, when it is old enough.
//
// A name cannot tell whether its owner lives: in containers every daemon is process 1, host names
// repeat, process numbers are used again, and several hosts may share a volume. So the owner shows
// that it lives: it writes a small file again and again. The file system's clock, the one clock
// that all hosts share, gives the age of that file: the reader writes a file of its own and
// compares the two times. A process that stood still for too long (a laptop asleep) loses its
// drafts, and with them one snapshot. It makes a new folder.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { lstat, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import { type Cancel, every } from '../time/timer.ts';

export interface OwnFolderOptions {
  /** How often it says that it lives. */
  readonly everyMs?: number;
  /** Prefixes of other folders of this kind, of which this process may have none: dead ones go. */
  readonly alsoDead?: readonly string[];
  /** What could not be written, or deleted. */
  readonly onTrouble?: (message: string) => void;
}

/** Its age shows whether the owner lives. Its text tells people who the owner is. */
const SIGN = 'alive';
/** What mkdtemp adds. */
const RANDOM = /^[A-Za-z0-9]{6}$/;
const EVERY_MS = 60_000;
/**
 * Ten missing signs: a disk that hangs for a while, or the cache of a network file system, is no
 * death.
 */
const DEAD_AFTER_MS = 600_000;
const AGAIN = { maxRetries: 10, retryDelay: 10 } as const;

/** Those of this process that are not closed. */
const open = new Map<string, (message: string) => void>();

/** The sign may be written at this very moment. What cannot be deleted keeps none of the others. */
function removeAll(): void {
  for (const [path, onTrouble] of open)
    try {
      rmSync(path, { recursive: true, force: true, ...AGAIN });
    } catch (error) {
      onTrouble((error as Error).message);
    }
}

export class OwnFolder {
  readonly path: string;
  readonly #parent: string;
  readonly #prefixes: readonly string[];
  readonly #onTrouble: (message: string) => void;
  readonly #cancel: Cancel;
  /**
   * One after the other: a late sign must not make the folder again after it was deleted at the
   * end.
   */
  #looking: Promise<void>;

  /**
   * Throws where it cannot be made. Folders in `parent` are of this kind by their name - `prefix`
   * and six letters - and their sign.
   */
  constructor(
    parent: string,
    prefix: string,
    { everyMs = EVERY_MS, alsoDead = [], onTrouble = () => {} }: OwnFolderOptions = {},
  ) {
    makeFolder(parent);
    this.path = mkdtempSync(join(parent, prefix));
    try {
      writeFileSync(join(this.path, SIGN), owner());
    } catch (error) {
      // Without its sign nobody would ever delete it.
      rmSync(this.path, { recursive: true, force: true });
      throw error;
    }
    this.#parent = parent;
    this.#prefixes = [prefix, ...alsoDead];
    this.#onTrouble = onTrouble;
    if (open.size === 0) process.once('exit', removeAll);
    open.set(this.path, onTrouble);
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
    open.delete(this.path);
    if (open.size === 0) process.off('exit', removeAll);
  }

  #isOfThisKind(path: string): boolean {
    const name = basename(path);
    return this.#prefixes.some((prefix) => name.startsWith(prefix) && RANDOM.test(name.slice(prefix.length)));
  }

  /** Says that this process lives, and deletes what dead ones have left. */
  async #look(): Promise<void> {
    try {
      makeFolder(this.path, 0o700);
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
    // A folder without a sign was made this moment, or by somebody else. We must not delete it.
    const { mtimeMs } = await stat(join(path, SIGN));
    if (nowMs - mtimeMs > DEAD_AFTER_MS) await rm(path, { recursive: true, force: true });
  } catch (error) {
    // Another process has deleted it, or it belongs to another user, who has to delete it.
    if (!['ENOENT', 'ENOTEMPTY', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}
