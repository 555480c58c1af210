// What the compiled readers share: they walk the bytes of a record straight into the row of features and note where its
// ids stand, with no object for the record. Whatever is not plain (a missing field, text for a number, damage) they leave to the
// general reader, which finds the words; both give the same features and the same refusals (test/scoring/).

import type { Codec } from '../codec/codec.ts';
import type { Rejection } from '../features/rejection.ts';
import type { FieldInput } from '../features/spec.ts';
import { compileFields, type FieldMap } from './fields.ts';
import { ELSEWHERE, type InputReader } from './input-reader.ts';

const ABSENT = -1;

export abstract class CompiledReader implements InputReader {
  readonly width: number;
  readonly wantsKey = false;
  /** What is wanted of a record. */
  protected readonly root: FieldMap;
  readonly #general: InputReader;
  readonly #codec: Codec;
  readonly #idCount: number;
  /** For each input, the number of the record that it was last seen in. */
  readonly #seenIn: Float64Array;
  #seen = 0;
  /** Counts the records read. */
  protected record = 0;
  /** For each row: start and end of each id in the bytes it was read from. */
  #idRanges: Int32Array;
  #idsAt = 0;
  /** For each row: its bytes, or null when the general reader has it. */
  readonly #source: (Uint8Array | null)[] = [];

  /** `general` reads whatever this one does not. */
  constructor(general: InputReader, codec: Codec, inputs: readonly FieldInput[], idPaths: readonly string[]) {
    this.width = general.width;
    this.root = compileFields(inputs, idPaths);
    this.#general = general;
    this.#codec = codec;
    this.#idCount = idPaths.length;
    this.#seenIn = new Float64Array(inputs.length);
    this.#idRanges = new Int32Array(2 * idPaths.length);
  }

  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    row: number,
    timestampMs: number,
  ): Rejection | null {
    this.record++;
    this.#seen = 0;
    this.#source[row] = bytes;
    this.#idsAt = 2 * this.#idCount * row;
    while (this.#idsAt + 2 * this.#idCount > this.#idRanges.length) this.#grow();
    for (let id = 0; id < this.#idCount; id++) this.#idRanges[this.#idsAt + 2 * id] = ABSENT;
    try {
      const isPlain = this.walk(bytes, start, end, features, row * this.width);
      if (isPlain && this.#seen === this.#seenIn.length) return null;
    } catch {
      // Damaged: the general reader says what is wrong with it.
    }
    this.#source[row] = null;
    return this.#general.read(bytes, start, end, features, row, timestampMs);
  }

  ids(row: number): readonly unknown[] {
    const source = this.#source[row];
    if (source === null || source === undefined) return this.#general.ids(row);
    return Array.from({ length: this.#idCount }, (_, id) => {
      const start = this.idStart(row, id);
      return start < 0 ? undefined : this.#codec.decode(source, start, this.idEnd(row, id));
    });
  }

  idStart(row: number, id: number): number {
    if (this.#source[row] === null) return ELSEWHERE;
    return this.#idRanges[2 * (this.#idCount * row + id)] as number;
  }

  idEnd(row: number, id: number): number {
    return this.#idRanges[2 * (this.#idCount * row + id) + 1] as number;
  }

  /** Walks one record into `features[at ..]`. Returns false, or throws, when the record is not plain. */
  protected abstract walk(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    at: number,
  ): boolean;

  /** An input was read. */
  protected sawInput(inputIndex: number): void {
    if (this.#seenIn[inputIndex] === this.record) return;
    this.#seenIn[inputIndex] = this.record;
    this.#seen++;
  }

  protected sawId(id: number, start: number, end: number): void {
    this.#idRanges[this.#idsAt + 2 * id] = start;
    this.#idRanges[this.#idsAt + 2 * id + 1] = end;
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#idRanges.length);
    grown.set(this.#idRanges);
    this.#idRanges = grown;
  }
}

/** Whether the feature is the number itself. */
export const isUnscaled = ({ log1p, mean, std }: FieldInput): boolean => !log1p && mean === 0 && std === 1;
