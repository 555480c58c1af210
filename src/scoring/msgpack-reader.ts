// The compiled reader for MessagePack: walks a map straight into the row of features, with no object for the record.
// Records of one stream look alike, so it expects the keys in the order of the record before, and compares bytes.
// Whatever is not plain (a missing field, text for a number, an extension type, damage) it leaves to the general reader,
// which finds the words; both give the same features and the same refusals (test/scoring/msgpack-reader.test.ts).

import { codecs } from '../codec/codecs.ts';
import { MsgpackWalker } from '../codec/msgpack-walk.ts';
import type { FeatureInput } from '../features/plan.ts';
import type { Rejection } from '../features/rejection.ts';
import type { InputReader } from './input-reader.ts';

/** What is wanted of a map's key. */
interface Slot {
  readonly key: Uint8Array;
  /** Index of the feature, or -1. */
  readonly feature: number;
  /** Index of the id field, or -1. */
  readonly id: number;
}

const UNWANTED_MAX = 256;

export class MsgpackReader implements InputReader {
  readonly width: number;
  readonly #general: InputReader;
  readonly #inputs: readonly FeatureInput[];
  readonly #idCount: number;
  readonly #slots: Slot[];
  readonly #wanted: number;
  readonly #walker = new MsgpackWalker();
  /** The slot of each entry of the record before. */
  readonly #expected: Slot[] = [];
  /** For each feature, the number of the record that it was last seen in. */
  readonly #seenIn: Float64Array;
  #record = 0;
  /** For each row: where its ids stand, as pairs of positions in the bytes it was read from; null for a general row. */
  readonly #idRanges: (Int32Array | null)[] = [];
  readonly #idBytes: Uint8Array[] = [];

  /** `inputs` and `idPaths` name fields of the top level; `general` reads whatever this one does not. */
  constructor(general: InputReader, inputs: readonly FeatureInput[], idPaths: readonly string[]) {
    this.width = inputs.length;
    this.#general = general;
    this.#inputs = inputs;
    this.#idCount = idPaths.length;
    this.#seenIn = new Float64Array(inputs.length);
    const names = new Set([...inputs.map(({ path }) => path), ...idPaths]);
    this.#slots = [...names].map((name) => ({
      key: Buffer.from(name),
      feature: inputs.findIndex(({ path }) => path === name),
      id: idPaths.indexOf(name),
    }));
    this.#wanted = names.size;
  }

  read(bytes: Uint8Array, start: number, end: number, features: Float32Array, row: number): Rejection | null {
    try {
      if (this.#walk(bytes, start, end, features, row)) return null;
    } catch {
      // Not MessagePack: the general reader says what is wrong with it.
    }
    this.#idRanges[row] = null;
    return this.#general.read(bytes, start, end, features, row);
  }

  ids(row: number): readonly unknown[] {
    const ranges = this.#idRanges[row];
    if (ranges === null || ranges === undefined) return this.#general.ids(row);
    const bytes = this.#idBytes[row] as Uint8Array;
    return Array.from({ length: this.#idCount }, (_, index) => {
      const start = ranges[2 * index] as number;
      return start < 0 ? undefined : codecs.msgpack.decode(bytes, start, ranges[2 * index + 1] as number);
    });
  }

  /** Returns false when the record is not plain; the row is then undefined. */
  #walk(bytes: Uint8Array, start: number, end: number, features: Float32Array, row: number): boolean {
    const walker = this.#walker;
    const expected = this.#expected;
    const seenIn = this.#seenIn;
    const record = ++this.#record;
    const rowAt = row * this.width;
    const ranges = this.#rangesOf(row, bytes);
    let seen = 0;
    walker.reset(bytes, start, end);
    const size = walker.readMapSize();
    for (let entry = 0; entry < size; entry++) {
      const length = walker.readStringSize();
      if (length < 0 || length > end - walker.at) return false;
      let slot = expected[entry];
      if (slot === undefined || !isAt(slot.key, bytes, walker.at, length)) {
        slot = this.#find(bytes, walker.at, length);
        expected[entry] = slot;
      }
      walker.at += length;
      const valueAt = walker.at;
      const { feature, id } = slot;
      if (feature >= 0) {
        if (!walker.readNumber()) return false;
        const { log1p, mean, std } = this.#inputs[feature] as FeatureInput;
        const scaled = Math.fround(((log1p ? Math.log1p(walker.value) : walker.value) - mean) / std);
        // Infinity and NaN differ from themselves less themselves.
        if (scaled - scaled !== 0) return false;
        features[rowAt + feature] = scaled;
        if (seenIn[feature] !== record) {
          seenIn[feature] = record;
          seen++;
        }
      } else {
        walker.skip();
      }
      if (id >= 0) {
        ranges[2 * id] = valueAt;
        ranges[2 * id + 1] = walker.at;
      }
    }
    return size >= 0 && seen === this.width && walker.at === end;
  }

  #rangesOf(row: number, bytes: Uint8Array): Int32Array {
    const ranges = this.#idRanges[row] ?? new Int32Array(2 * this.#idCount);
    ranges.fill(-1);
    this.#idRanges[row] = ranges;
    this.#idBytes[row] = bytes;
    return ranges;
  }

  #find(bytes: Uint8Array, at: number, length: number): Slot {
    for (const slot of this.#slots) if (isAt(slot.key, bytes, at, length)) return slot;
    const unwanted = { key: bytes.slice(at, at + length), feature: -1, id: -1 };
    // Remembered, so that a field that is never wanted costs one comparison; bounded, for keys may be made up.
    if (this.#slots.length < this.#wanted + UNWANTED_MAX) this.#slots.push(unwanted);
    return unwanted;
  }
}

/** Whether `key` is what stands at `at`. */
function isAt(key: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (key.length !== length) return false;
  for (let index = 0; index < length; index++) if (key[index] !== bytes[at + index]) return false;
  return true;
}
