// A state in a file: a title that says whose it is, the numbers as they stand in memory, and a
// checksum over everything. The worker that has the state writes and reads it array by array: there
// is never a second copy in memory.

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ScorelaneError } from '../../base/errors.ts';
import type { Archive, Numbers } from '../../features/archive.ts';
import type { SnapshotRange } from '../../worker-protocol/messages.ts';

/** Whose state it is. All but `offset` must be the same when it is read. */
export interface SnapshotTitle {
  readonly topic: string;
  /**
   * The id of the topic: offsets of one topic mean nothing in another of the same name. Null if the
   * log does not tell.
   */
  readonly incarnation: string | null;
  readonly partition: number;
  /** The identity of the feature plan. */
  readonly plan: string;
  /**
   * The partition counts by which its records may have been placed: they decide which of them
   * windows take.
   */
  readonly placedBy: string;
  /** It holds every record below this offset, and none from there on. */
  readonly offset: number;
}

/** The file is not a whole snapshot of this partition by this plan, at an offset that is of use. */
export class SnapshotError extends ScorelaneError {
  readonly code = 'SCORELANE_SNAPSHOT';
}

/**
 * The layout of the bytes. Another layout has another number, and in another byte order it reads as
 * another number.
 */
const MAGIC = 0x534c_0003;
const NAMES = {
  topic: 'topic',
  incarnation: 'incarnation',
  partition: 'partition',
  plan: 'plan',
  placedBy: 'partition count',
} as const;
const CRC_BYTES = 4;
const TITLE_BYTES_MAX = 4_096;
const CHUNK_BYTES = 8 * 2 ** 20;

const bytesOf = (array: Numbers): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/**
 * Writes the file and waits until it is on the disk. `pass` hands over the state. Returns its
 * length in bytes.
 */
export function writeSnapshot(file: string, title: SnapshotTitle, pass: (to: Archive) => void): number {
  const writing = new Writing(openSync(file, 'w'));
  try {
    writing.begin(JSON.stringify(title));
    pass(writing);
    return writing.end();
  } finally {
    writing.close();
  }
}

/**
 * Reads the file through `pass`, into a state that must be thrown away when this throws. Returns
 * the offset at which it stands. Throws `SnapshotError` for a file that cannot be read, is damaged,
 * another's, or outside of the range.
 */
export function readSnapshot(
  file: string,
  wanted: Omit<SnapshotTitle, 'at'>,
  { notBefore, notAfter }: SnapshotRange,
  pass: (from: Archive) => void,
): number {
  let reading: Reading | undefined;
  try {
    reading = new Reading(openSync(file, 'r'));
    const { offset, ...found } = reading.begin() as SnapshotTitle;
    for (const [key, name] of Object.entries(NAMES) as [keyof typeof NAMES, string][]) {
      if (found[key] !== wanted[key])
        throw new SnapshotError(`it is of ${name} ${found[key]}, expected ${wanted[key]}`);
    }
    if (offset > notAfter) throw new SnapshotError(`it stands at offset ${offset}, later than ${notAfter}`);
    if (offset < notBefore)
      throw new SnapshotError(`it stands at offset ${offset}, and all that is needed begins at ${notBefore}`);
    const archive = reading;
    pass(archive);
    archive.end();
    return offset;
  } catch (error) {
    // There is no such file; or a damaged length asks for an array that is too long.
    if (error instanceof SnapshotError) throw error;
    throw new SnapshotError((error as Error).message, { cause: error });
  } finally {
    reading?.close();
  }
}

class Writing implements Archive {
  readonly #file: number;
  #crc = 0;
  #length = 0;

  constructor(file: number) {
    this.#file = file;
  }

  begin(title: string): void {
    this.#write(bytesOf(Uint32Array.of(MAGIC, Buffer.byteLength(title))));
    this.#write(Buffer.from(title));
  }

  numbers(values: readonly number[]): number[] {
    this.#write(bytesOf(Float64Array.from(values)));
    return [...values];
  }

  array<T extends Numbers>(array: T, used: number): T {
    this.numbers([array.length, used]);
    this.#write(bytesOf(array.subarray(0, used)));
    return array;
  }

  list(values: readonly number[]): number[] {
    this.array(Float64Array.from(values), values.length);
    return [...values];
  }

  end(): number {
    this.#write(bytesOf(Uint32Array.of(this.#crc)));
    fsyncSync(this.#file);
    return this.#length;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(bytes: Uint8Array): void {
    for (let position = 0; position < bytes.length; position += CHUNK_BYTES) {
      const chunk = bytes.subarray(position, position + CHUNK_BYTES);
      this.#crc = crc32(chunk, this.#crc);
      for (let written = 0; written < chunk.length; )
        written += writeSync(this.#file, chunk, written, chunk.length - written);
    }
    this.#length += bytes.length;
  }
}

class Reading implements Archive {
  readonly #file: number;
  #crc = 0;
  #left: number;

  constructor(file: number) {
    this.#file = file;
    this.#left = fstatSync(file).size - CRC_BYTES;
  }

  begin(): unknown {
    const [magic, titleBytes] = this.#read(new Uint32Array(2));
    if (magic !== MAGIC || (titleBytes as number) > TITLE_BYTES_MAX)
      throw new SnapshotError('it is no snapshot, or one of another layout');
    const title = new Uint8Array(titleBytes as number);
    this.#fill(title);
    try {
      return JSON.parse(Buffer.from(title).toString());
    } catch (error) {
      throw new SnapshotError('it is damaged: its title cannot be read', { cause: error });
    }
  }

  numbers(values: readonly number[]): number[] {
    return [...this.#read(new Float64Array(values.length))];
  }

  array<T extends Numbers>(array: T, _used: number): T {
    const [length, used] = this.numbers([0, 0]) as [number, number];
    const size = used * array.BYTES_PER_ELEMENT;
    if (!(used <= length && size <= this.#left)) throw new SnapshotError('it is damaged: it ends too early');
    const found = new (array.constructor as new (length: number) => T)(length);
    this.#read(found.subarray(0, used));
    return found;
  }

  list(_values: readonly number[]): number[] {
    return [...this.array(new Float64Array(0), 0)];
  }

  end(): void {
    const crc = this.#crc;
    this.#left += CRC_BYTES;
    if (this.#left !== CRC_BYTES) throw new SnapshotError('it is damaged: something follows the state');
    if (this.#read(new Uint32Array(1))[0] !== crc)
      throw new SnapshotError('it is damaged: its checksum is wrong');
  }

  close(): void {
    closeSync(this.#file);
  }

  #read<T extends Numbers>(into: T): T {
    this.#fill(bytesOf(into));
    return into;
  }

  #fill(bytes: Uint8Array): void {
    if (bytes.length > this.#left) throw new SnapshotError('it is damaged: it ends too early');
    this.#left -= bytes.length;
    for (let position = 0; position < bytes.length; ) {
      const chunk = bytes.subarray(position, position + CHUNK_BYTES);
      const read = readSync(this.#file, chunk, 0, chunk.length, null);
      if (read === 0) throw new SnapshotError('it is damaged: it ends too early');
      this.#crc = crc32(chunk.subarray(0, read), this.#crc);
      position += read;
    }
  }
}
