// The files of a tar archive, in a folder. An archive is not trusted, whoever has made it: what is
// no plain file or folder inside of the folder is refused, and so is what gets too large.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { ModelError } from '../model/model-error.ts';

export interface UnpackLimits {
  /** Of the archive when it is inflated. */
  readonly bytesMax: number;
  /** Files and folders. */
  readonly entriesMax: number;
}

const HEAD_BYTES = 512;
const GZIP = Buffer.of(0x1f, 0x8b);
/** Where a tar archive says that it is one. */
const MAGIC_AT = 257;
const PATH_MAX = 1_000;
/** As file systems have it. */
const NAME_BYTES_MAX = 255;

const FILES: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
const LINKS: ReadonlySet<string> = new Set(['Link', 'SymbolicLink']);

/** `folder` is there and empty. Rejects with `ModelError` for what is wrong with the archive. */
export async function unpack(archive: string, folder: string, limits: UnpackLimits): Promise<void> {
  const isPacked = await isGzip(archive);
  const file = createReadStream(archive);
  const bytes: Readable = isPacked ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => bytes.destroy(error));
  const unpacking = new Unpacking(folder, limits);
  try {
    await unpacking.from(bytes);
  } finally {
    file.destroy();
    bytes.destroy();
    await unpacking.end();
  }
}

async function isGzip(archive: string): Promise<boolean> {
  const file = await open(archive);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    if (head.subarray(0, GZIP.length).equals(GZIP)) return true;
    if (head.subarray(MAGIC_AT).toString('latin1').startsWith('ustar')) return false;
    throw refused(`expected a tar archive, packed by gzip or not, found ${kindOf(head)}`);
  } finally {
    await file.close();
  }
}

function kindOf(head: Buffer): string {
  const text = head.toString('latin1');
  if (text.startsWith('PK')) return 'a zip archive';
  if (/^\s*</.test(text)) return 'HTML or XML';
  if (head.length === 0) return 'an empty file';
  return 'another kind of file';
}

const refused = (what: string, cause?: unknown): ModelError =>
  new ModelError(`the archive: ${what}`, { cause });

class Unpacking {
  readonly #folder: string;
  readonly #limits: UnpackLimits;
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>(['.', '']);
  readonly #failed = Promise.withResolvers<never>();
  /** One entry after the other. */
  #work: Promise<void> = Promise.resolve();
  #entries = 0;

  constructor(folder: string, limits: UnpackLimits) {
    this.#folder = folder;
    this.#limits = limits;
    // It is waited for only where something else is waited for too.
    this.#failed.promise.catch(() => {});
  }

  async from(bytes: Readable): Promise<void> {
    const parser = new Parser({
      strict: true,
      zstd: false,
      onReadEntry: (entry) => {
        this.#work = this.#work.then(() => this.#put(entry));
        this.#work.catch((error: unknown) => this.#failed.reject(error));
      },
    });
    parser.on('error', (error: Error) =>
      this.#failed.reject(refused(`expected a whole tar archive: ${error.message}`, error)),
    );
    const ended = once(parser, 'end');
    ended.catch(() => {});
    let inflated = 0;
    for await (const piece of unpackedOnce(sound(bytes))) {
      inflated += piece.length;
      if (inflated > this.#limits.bytesMax)
        throw refused(
          `expected at most ${this.#limits.bytesMax} bytes when it is unpacked, found more (model.sourceBytes, --max-bytes)`,
        );
      if (!parser.write(piece)) await this.#unlessFailed(once(parser, 'drain'));
    }
    parser.end();
    await this.#unlessFailed(ended);
    await this.#unlessFailed(this.#work);
  }

  /** Resolves when no file of it is open any more, however it went. */
  async end(): Promise<void> {
    this.#failed.reject(new Error('the archive is given up'));
    await this.#work.catch(() => {});
  }

  #unlessFailed<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed.promise]);
  }

  async #put(entry: ReadEntry): Promise<void> {
    if (++this.#entries > this.#limits.entriesMax)
      throw refused(`expected at most ${this.#limits.entriesMax} files and folders, found more`);
    const { type } = entry;
    const path = insidePath(entry.path);
    if (LINKS.has(type)) throw refused(`expected files and folders alone, found the link ${shown(path)}`);
    if (type !== 'Directory' && !FILES.has(type))
      throw refused(`expected files and folders alone, found ${shown(path)}, of the type ${type}`);
    if (type === 'Directory') {
      await this.#makeFolder(path);
      entry.resume();
      return;
    }
    if (this.#files.has(path) || this.#folders.has(path))
      throw refused(`expected each file once, found ${shown(path)} twice`);
    await this.#makeFolder(dirname(path));
    this.#files.add(path);
    await this.#write(entry, path);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    for (let above = path; above !== '.' && above !== ''; above = dirname(above))
      if (this.#files.has(above)) throw refused(`expected a folder, found ${shown(above)} to be a file too`);
      else this.#folders.add(above);
    await mkdir(join(this.#folder, path), { recursive: true });
  }

  async #write(entry: ReadEntry, path: string): Promise<void> {
    // A file system that takes A for a would let one file write over another.
    const file = await open(join(this.#folder, path), 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      throw refused(`expected each file once, found ${shown(path)} twice on this file system`, error);
    });
    try {
      await this.#unlessFailed(copied(entry, file));
    } finally {
      await file.close();
    }
  }
}

/** One piece after the other. Never ends if the entry does not. */
function copied(entry: ReadEntry, file: FileHandle): Promise<void> {
  return new Promise((resolve, reject) => {
    entry.on('data', (piece) => {
      entry.pause();
      file.writeFile(piece).then(() => entry.resume(), reject);
    });
    entry.on('end', resolve);
    entry.on('error', reject);
  });
}

const shown = (path: string): string => JSON.stringify(path);

/** Without `./` and the last `/`; empty for the folder itself. Throws `ModelError`. */
function insidePath(path: string): string {
  const names = path.replace(/\/+$/, '').split('/');
  const inside = names.filter((name, index) => name !== '.' || index > 0);
  const isOutside =
    path.startsWith('/') ||
    /^[A-Za-z]:/.test(path) ||
    /[\\\0]/.test(path) ||
    inside.some((name) => name === '..' || name === '.' || (name === '' && inside.length > 1));
  if (isOutside) throw refused(`expected paths inside of its folder, found ${shown(path)}`);
  if (path.length > PATH_MAX)
    throw refused(`expected paths of at most ${PATH_MAX} characters, found one of ${path.length}`);
  const long = inside.find((name) => Buffer.byteLength(name) > NAME_BYTES_MAX);
  if (long !== undefined)
    throw refused(
      `expected names of at most ${NAME_BYTES_MAX} bytes, found one of ${Buffer.byteLength(long)}`,
    );
  return inside.join('/');
}

async function* sound(bytes: Readable): AsyncGenerator<Buffer> {
  try {
    yield* bytes as AsyncIterable<Buffer>;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!code.startsWith('Z_')) throw error;
    throw refused(`expected a whole file of gzip, found a damaged one (${(error as Error).message})`, error);
  }
}

/**
 * The parser unpacks gzip by itself, and nobody counts what comes of it: what is packed twice is
 * refused.
 */
async function* unpackedOnce(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (head === null) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < GZIP.length) continue;
    if (head.subarray(0, GZIP.length).equals(GZIP))
      throw refused('expected a tar archive in gzip, found gzip in it again');
    yield head;
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}
