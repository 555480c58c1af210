// The part that the compiled readers share. They walk the bytes of a record straight into the row
// of features and note where its ids stand, with no object for the record. If anything is not plain
// (a missing field, text for a number, damage), they leave the record to the general reader, which
// says what is wrong. Both give the same features and the same refusals (test/scoring/).

import type { Codec } from '../codec/codec.ts';
import type { FeaturePlan } from '../features/feature-plan.ts';
import type { Rejection } from '../features/rejection.ts';
import type { FieldInput } from '../features/spec.ts';
import { compileFields, type FieldMap } from './fields.ts';
import type { InputReader } from './input-reader.ts';
import { ABSENT, Locator } from './locate.ts';
import { type PlacedId, type UndecodedRecord, WHOLE } from './undecoded-record.ts';

export interface WalkingParts {
  /** Reads the records that this reader does not. */
  readonly general: InputReader;
  readonly codec: Codec;
  /** Fills the columns that are not walked. Null if all are walked. */
  readonly rest: FeaturePlan | null;
  /** The fields to look for. The plan reads the rest from it. */
  readonly raw: UndecodedRecord;
  /** Used to look into lists. */
  readonly entries: ConstructorParameters<typeof Locator>[0];
  readonly nestingMax: number;
}

export abstract class WalkingReader implements InputReader {
  readonly width: number;
  readonly wantsKey: boolean;
  protected readonly nestingMax: number;
  /** The fields that are wanted of a record. */
  protected readonly root: FieldMap;
  readonly #general: InputReader;
  readonly #codec: Codec;
  readonly #rest: FeaturePlan | null;
  readonly #raw: UndecodedRecord;
  readonly #idCount: number;
  /**
   * By id of the result: the locator that looks for it inside a found value, or null if the id
   * itself was found.
   */
  readonly #inside: readonly (Locator | null)[];
  /** By input: the number of the record in which it was last seen. */
  readonly #seenIn: Float64Array;
  #seen = 0;
  /** The number of the record: how many were read. */
  protected record = 0;
  /** By row: start and end of each id in the bytes of its record. */
  #idRanges: Int32Array;
  #idsAt = 0;
  /** By row: its bytes, or null if the general reader has it. */
  readonly #source: (Uint8Array | null)[] = [];

  constructor({ general, codec, rest, raw, entries, nestingMax }: WalkingParts) {
    this.width = general.width;
    this.wantsKey = general.wantsKey;
    this.root = compileFields(raw.direct, raw.paths);
    this.#general = general;
    this.#codec = codec;
    this.#rest = rest;
    this.#raw = raw;
    this.nestingMax = nestingMax;
    this.#idCount = raw.paths.length;
    this.#inside = raw.ids.map(({ rest: steps }) =>
      steps.length === 0 ? null : new Locator(entries, [steps]),
    );
    this.#seenIn = new Float64Array(raw.direct.length);
    this.#idRanges = new Int32Array(2 * raw.paths.length);
    raw.open(this, (bytes, start, end, element) => this.valueAt(bytes, start, end, element));
  }

  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    row: number,
    timestampMs: number,
    key: Uint8Array | null = null,
  ): Rejection | null {
    this.record++;
    this.#seen = 0;
    this.#source[row] = bytes;
    this.#idsAt = 2 * this.#idCount * row;
    while (this.#idsAt + 2 * this.#idCount > this.#idRanges.length) this.#grow();
    for (let id = 0; id < this.#idCount; id++) this.#idRanges[this.#idsAt + 2 * id] = ABSENT;
    const rowStart = row * this.width;
    if (this.#isPlain(bytes, start, end, features, rowStart))
      return this.#rest?.fill(this.#raw.show(bytes, row), features, rowStart, timestampMs, key) ?? null;
    this.#source[row] = null;
    return this.#general.read(bytes, start, end, features, row, timestampMs, key);
  }

  #isPlain(bytes: Uint8Array, start: number, end: number, features: Float32Array, rowStart: number): boolean {
    try {
      return this.walk(bytes, start, end, features, rowStart) && this.#seen === this.#seenIn.length;
    } catch {
      // The record is damaged. The general reader will say what is wrong.
      return false;
    }
  }

  /** Whether the record in that row was read without decoding. */
  isWalked(row: number): boolean {
    return this.#source[row] !== null;
  }

  ids(row: number): readonly unknown[] {
    const source = this.#source[row];
    if (source === null || source === undefined) return this.#general.ids(row);
    return this.#inside.map((_, id) => {
      const start = this.idStart(row, id);
      return start < 0 ? undefined : this.#codec.decode(source, start, this.idEnd(row, id));
    });
  }

  idStart(row: number, id: number): number {
    const source = this.#source[row];
    if (source === null || source === undefined) return this.#general.idStart(row, id);
    const place = (this.#raw.ids[id] as PlacedId).place;
    return this.#inside[id] === null ? this.startOf(row, place) : this.#rangeInside(source, row, id)[0];
  }

  idEnd(row: number, id: number): number {
    const source = this.#source[row];
    if (source === null || source === undefined) return this.#general.idEnd(row, id);
    const place = (this.#raw.ids[id] as PlacedId).place;
    return this.#inside[id] === null ? this.endOf(row, place) : this.#rangeInside(source, row, id)[1];
  }

  startOf(row: number, place: number): number {
    return this.#idRanges[2 * (this.#idCount * row + place)] as number;
  }

  endOf(row: number, place: number): number {
    return this.#idRanges[2 * (this.#idCount * row + place) + 1] as number;
  }

  #rangeInside(source: Uint8Array, row: number, id: number): readonly [number, number] {
    const place = (this.#raw.ids[id] as PlacedId).place;
    const start = this.startOf(row, place);
    const found = start < 0 ? null : this.#inside[id]?.locate(source, start, this.endOf(row, place));
    return [found?.[0] ?? ABSENT, found?.[1] ?? ABSENT];
  }

  /**
   * Walks one record into `features[rowStart ..]`. Returns false, or throws, if the record is not
   * plain.
   */
  protected abstract walk(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    rowStart: number,
  ): boolean;

  /** The value in a range of bytes, or one element of it. */
  protected valueAt(bytes: Uint8Array, start: number, end: number, element: number): unknown {
    const value = this.#codec.decode(bytes, start, end);
    return element === WHOLE ? value : (value as readonly unknown[])[element];
  }

  /** To be called when an input was read. */
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

/** Whether the feature equals the number. */
export const isUnscaled = ({ log1p, mean, std }: FieldInput): boolean => !log1p && mean === 0 && std === 1;

/** How many numbers each element of a list of that level holds. */
export function elementsBelow(lengths: readonly number[], level: number): number {
  let product = 1;
  for (let inner = level + 1; inner < lengths.length; inner++) product *= lengths[inner] as number;
  return product;
}
