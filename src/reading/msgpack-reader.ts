// The compiled reader for MessagePack.

import { isAscii, latin1 } from '../base/text.ts';
import { codecs } from '../codec/codecs.ts';
import { MsgpackWalker } from '../codec/msgpack-walk.ts';
import { scaled } from '../features/plan.ts';
import type { FieldInput } from '../features/spec.ts';
import type { FieldMap, PlacedField } from './fields.ts';
import { WHOLE } from './undecoded-record.ts';
import { elementsBelow, isUnscaled, type WalkingParts, WalkingReader } from './walking-reader.ts';

const [FALSE, TRUE, UINT64, INT64] = [0xc2, 0xc3, 0xcf, 0xd3];

export class MsgpackReader extends WalkingReader {
  readonly #walker: MsgpackWalker;
  /** Reads single values while the other walker may be in the middle of a record. */
  readonly #values: MsgpackWalker;

  constructor(parts: Omit<WalkingParts, 'codec'>) {
    super({ ...parts, codec: codecs.msgpack });
    this.#walker = new MsgpackWalker(parts.nestingMax);
    this.#values = new MsgpackWalker(parts.nestingMax);
  }

  protected override walk(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    rowStart: number,
  ): boolean {
    this.#walker.reset(bytes, start, end);
    return this.#map(this.root, bytes, features, rowStart, 1) && this.#walker.byteAt === end;
  }

  /** Reads doubles, float32, small integers and plain text itself. The codec reads all else. */
  protected override valueAt(bytes: Uint8Array, start: number, end: number, element: number): unknown {
    const walker = this.#values;
    walker.reset(bytes, start, end);
    if (element !== WHOLE) {
      if (element >= walker.readArraySize()) return undefined;
      for (let skipped = 0; skipped < element; skipped++) walker.skip();
    }
    const head = bytes[walker.byteAt] as number;
    const isLong = head === INT64 || head === UINT64;
    if (head !== FALSE && head !== TRUE && !isLong && walker.readNumber()) return walker.value;
    const length = walker.readStringSize();
    if (length >= 0 && isAscii(bytes, walker.byteAt, walker.byteAt + length))
      return latin1(bytes, walker.byteAt, walker.byteAt + length);
    return super.valueAt(bytes, start, end, element);
  }

  /** `depth` counts the maps around its values. */
  #map(fields: FieldMap, bytes: Uint8Array, features: Float32Array, rowAt: number, depth: number): boolean {
    const walker = this.#walker;
    if (depth > this.nestingMax) return false;
    // The map was entered twice: its key is repeated, and only the last one counts.
    if (fields.enteredIn === this.record) return false;
    fields.enteredIn = this.record;
    const size = walker.readMapSize();
    if (size < 0) return false;
    for (let entry = 0; entry < size; entry++) {
      const length = walker.readStringSize();
      if (length < 0 || length > walker.end - walker.byteAt) return false;
      const field = fields.fieldOf(entry, bytes, walker.byteAt, length);
      walker.byteAt += length;
      const valueAt = walker.byteAt;
      if (field.input !== null) {
        if (!this.#input(field, field.input, features, rowAt + field.column, depth)) return false;
      } else if (field.fields !== null) {
        if (!this.#map(field.fields, bytes, features, rowAt, depth + 1)) return false;
      } else {
        walker.skip(depth);
      }
      if (field.id >= 0) this.sawId(field.id, valueAt, walker.byteAt);
    }
    return true;
  }

  #input(
    { inputIndex }: PlacedField,
    input: FieldInput,
    features: Float32Array,
    column: number,
    depth: number,
  ): boolean {
    const { count, shape } = input;
    const isRead =
      count === undefined
        ? this.#numbers(input, 1, features, column, 0)
        : shape === undefined
          ? this.#list(input, count, features, column, depth)
          : this.#lists(input, shape, 0, features, column, depth);
    if (isRead) this.sawInput(inputIndex);
    return isRead;
  }

  /** Reads lists of these lengths, those from `level` on, whose elements begin at `column`. */
  #lists(
    input: FieldInput,
    lengths: readonly number[],
    level: number,
    features: Float32Array,
    column: number,
    depth: number,
  ): boolean {
    const length = lengths[level] as number;
    if (level === lengths.length - 1) return this.#list(input, length, features, column, depth);
    if (depth >= this.nestingMax || this.#walker.readArraySize() !== length) return false;
    const each = elementsBelow(lengths, level);
    for (let index = 0; index < length; index++)
      if (!this.#lists(input, lengths, level + 1, features, column + index * each, depth + 1)) return false;
    return true;
  }

  /** Reads one list of numbers, of that length. */
  #list(input: FieldInput, length: number, features: Float32Array, column: number, depth: number): boolean {
    const walker = this.#walker;
    if (depth >= this.nestingMax || walker.readArraySize() !== length) return false;
    const done = isUnscaled(input) ? walker.readFloat32s(length, features, column) : 0;
    return this.#numbers(input, length, features, column, done);
  }

  /** Reads the numbers from `done` up to `count`. */
  #numbers(input: FieldInput, count: number, features: Float32Array, column: number, done: number): boolean {
    const walker = this.#walker;
    for (let index = done; index < count; index++) {
      if (!walker.readNumber()) return false;
      const feature = scaled(input, walker.value);
      // Only for NaN and infinity is this difference not 0.
      if (feature - feature !== 0) return false;
      features[column + index] = feature;
    }
    return true;
  }
}
