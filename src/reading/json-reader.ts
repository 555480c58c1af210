// The compiled reader for JSON. It gives exactly the float32 that JSON.parse would lead to.

import { isUtf8 } from 'node:buffer';
import { isAscii, latin1 } from '../base/text.ts';
import { codecs } from '../codec/codecs.ts';
import { numberIn } from '../codec/json.ts';
import { JsonWalker } from '../codec/json-walk.ts';
import { scaled } from '../features/plan.ts';
import type { FieldInput } from '../features/spec.ts';
import type { FieldMap, PlacedField } from './fields.ts';
import { WHOLE } from './undecoded-record.ts';
import { elementsBelow, isUnscaled, type WalkingParts, WalkingReader } from './walking-reader.ts';

const [MINUS, ZERO, NINE, QUOTE, BACKSLASH] = [0x2d, 0x30, 0x39, 0x22, 0x5c];

function isPlainText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let byteAt = start; byteAt < end; byteAt++) if (bytes[byteAt] === BACKSLASH) return false;
  return isAscii(bytes, start, end);
}

export class JsonReader extends WalkingReader {
  readonly #walker: JsonWalker;
  /** Reads single values while the other walker may be in the middle of a record. */
  readonly #values: JsonWalker;

  constructor(parts: Omit<WalkingParts, 'codec'>) {
    super({ ...parts, codec: codecs.json });
    this.#walker = new JsonWalker(parts.nestingMax);
    this.#values = new JsonWalker(parts.nestingMax);
  }

  protected override walk(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    rowStart: number,
  ): boolean {
    const walker = this.#walker;
    walker.reset(bytes, start, end);
    if (!this.#map(this.root, bytes, features, rowStart, 1) || !walker.isAtEnd()) return false;
    return !walker.beyondAscii || isUtf8(bytes.subarray(start, end));
  }

  /** Reads numbers and plain text itself. The codec reads all else. */
  protected override valueAt(bytes: Uint8Array, start: number, end: number, element: number): unknown {
    let [from, to] = [start, end];
    if (element !== WHOLE) {
      const walker = this.#values;
      walker.reset(bytes, start, end);
      if (!walker.enterList()) return super.valueAt(bytes, start, end, element);
      for (let skipped = 0; skipped <= element; skipped++) {
        if (!walker.nextElement(skipped === 0)) return undefined;
        from = walker.byteAt;
        walker.skip();
      }
      to = walker.byteAt;
    }
    const head = bytes[from] as number;
    if (head === MINUS || (head >= ZERO && head <= NINE)) return numberIn(latin1(bytes, from, to));
    if (head === QUOTE && isPlainText(bytes, from + 1, to - 1)) return latin1(bytes, from + 1, to - 1);
    return super.valueAt(bytes, from, to, WHOLE);
  }

  /** `depth` counts the maps around its values. */
  #map(fields: FieldMap, bytes: Uint8Array, features: Float32Array, rowAt: number, depth: number): boolean {
    const walker = this.#walker;
    if (depth > this.nestingMax) return false;
    // The map was entered twice: its key is repeated, and only the last one counts.
    if (fields.enteredIn === this.record) return false;
    fields.enteredIn = this.record;
    if (!walker.enterMap()) return false;
    for (let entry = 0; ; entry++) {
      const length = walker.nextKey(entry === 0);
      if (length < 0) return true;
      if (!walker.isPlainKey) return false;
      const field = fields.fieldOf(entry, bytes, walker.keyAt, length);
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
        ? this.#number(input, isUnscaled(input), features, column)
        : this.#lists(input, shape ?? [count], 0, features, column, depth);
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
    const walker = this.#walker;
    const length = lengths[level] as number;
    if (depth >= this.nestingMax || !walker.enterList()) return false;
    const isInnermost = level === lengths.length - 1;
    const asItIs = isUnscaled(input);
    const each = elementsBelow(lengths, level);
    let done = isInnermost && asItIs ? walker.readFloat32s(features, column, length) : 0;
    for (; walker.nextElement(done === 0); done++) {
      if (done === length) return false;
      const element = column + done * each;
      const isRead = isInnermost
        ? this.#number(input, asItIs, features, element)
        : this.#lists(input, lengths, level + 1, features, element, depth + 1);
      if (!isRead) return false;
    }
    return done === length;
  }

  #number(input: FieldInput, asItIs: boolean, features: Float32Array, column: number): boolean {
    const walker = this.#walker;
    if (!walker.readNumber() && !walker.readFlag()) return false;
    let feature = asItIs ? Math.fround(walker.value) : scaled(input, walker.value);
    if (!walker.isExact) {
      // The number is between two neighbours of 15 digits. Scaling without log1p keeps the order.
      // So if both neighbours give the same float32, the number gives it too.
      const agree = !input.log1p && feature === scaled(input, walker.next);
      if (!agree) feature = scaled(input, walker.exactNumber());
    }
    // Only for NaN and infinity is this difference not 0.
    if (feature - feature !== 0) return false;
    features[column] = feature;
    return true;
  }
}
