// Tensors of a request become rows of the model's inputs. Each value is checked here: a tensor of
// another type or shape must never reach the runtime, which may end the process for it.

import type { ServedInput } from '../serving/served-model.ts';
import { Problem } from './problem.ts';

const wrong = (place: string, expected: string, found: string): Problem =>
  new Problem(400, `${place}: expected ${expected}, found ${found}`);

/** The value in few words. */
export function inFewWords(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

export const shapeText = (rows: number | string, { shape }: Pick<ServedInput, 'shape'>): string =>
  `[${[rows, ...shape].join(', ')}]`;

/** Up to so many, what is wrong with the values says more than that there are too few. */
const FREE_CELLS = 2 ** 16;

export class RowsInTheMaking {
  readonly rows: number;
  readonly cells: Float32Array;
  readonly texts: string[] = [];
  readonly #places: Int32Array;
  readonly #width: number;

  /**
   * Every value takes a byte of the body at least: a number of rows that the body cannot hold takes
   * little memory. Throws a `Problem`.
   */
  constructor(inputs: readonly ServedInput[], rows: number, bodyBytes: number) {
    this.rows = rows;
    this.#width = inputs.reduce((sum, { width }) => sum + width, 0);
    if (rows * this.#width > Math.max(bodyBytes, FREE_CELLS))
      throw wrong('inputs', `${rows * this.#width} values for ${rows} rows`, `a body of ${bodyBytes} bytes`);
    this.cells = new Float32Array(rows * this.#width);
    this.#places = new Int32Array(this.cells.buffer);
  }

  /** The values of all rows, one after the other. Throws a `Problem`. */
  fill(input: ServedInput, values: readonly unknown[]): void {
    if (values.length !== this.rows * input.width)
      throw wrong(
        input.name,
        `${this.rows * input.width} values for the shape ${shapeText(this.rows, input)}`,
        String(values.length),
      );
    for (const [index, value] of values.entries()) this.#put(input, index, value);
  }

  /** Of all rows, in lists as deep as the shape. Throws a `Problem`. */
  fillNested(input: ServedInput, value: unknown): void {
    const flat: unknown[] = [];
    flatten(value, [this.rows, ...input.shape], input.name, flat);
    this.fill(input, flat);
  }

  /** Of one row, the same. Throws a `Problem`. */
  fillRow(input: ServedInput, row: number, value: unknown, place: string): void {
    const flat: unknown[] = [];
    flatten(value, input.shape, place, flat);
    for (const [index, each] of flat.entries()) this.#put(input, row * input.width + index, each);
  }

  /** Little-endian, as the binary extension of the protocol has them. Throws a `Problem`. */
  fillBinary(input: ServedInput, bytes: Uint8Array): void {
    const { name, type } = input;
    if (type === 'string') {
      this.fill(input, textsIn(name, bytes));
      return;
    }
    const size = type === 'bool' ? 1 : 4;
    const count = this.rows * input.width;
    if (bytes.byteLength !== count * size)
      throw wrong(
        name,
        `${count * size} bytes for ${type} ${shapeText(this.rows, input)}`,
        String(bytes.byteLength),
      );
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < count; index++) {
      const cell = this.#cell(input, index);
      if (type === 'float32') this.#put(input, index, view.getFloat32(index * size, true));
      else if (type === 'int32') this.#places[cell] = view.getInt32(index * size, true);
      else this.#places[cell] = view.getUint8(index) === 0 ? 0 : 1;
    }
  }

  #cell({ column, width }: ServedInput, index: number): number {
    return Math.floor(index / width) * this.#width + column + (index % width);
  }

  #put(input: ServedInput, index: number, value: unknown): void {
    const cell = this.#cell(input, index);
    switch (input.type) {
      case 'float32':
        if (typeof value !== 'number') throw wrong(placeOf(input, index), 'a number', inFewWords(value));
        this.cells[cell] = value;
        if (!Number.isFinite(this.cells[cell]))
          throw wrong(placeOf(input, index), 'a finite number that float32 has', String(value));
        return;
      case 'int32':
        if (typeof value !== 'number' || (value | 0) !== value)
          throw wrong(placeOf(input, index), 'a whole number of 32 bits', inFewWords(value));
        this.#places[cell] = value;
        return;
      case 'bool':
        if (typeof value !== 'boolean')
          throw wrong(placeOf(input, index), 'true or false', inFewWords(value));
        this.#places[cell] = value ? 1 : 0;
        return;
      default:
        if (typeof value !== 'string') throw wrong(placeOf(input, index), 'text', inFewWords(value));
        this.#places[cell] = this.texts.push(value) - 1;
    }
  }
}

const placeOf = ({ name, width }: ServedInput, index: number): string =>
  `${name}, row ${Math.floor(index / width)}, value ${index % width}`;

/** Throws a `Problem` where a list is missing or has another length. */
function flatten(value: unknown, shape: readonly number[], place: string, into: unknown[]): void {
  const [length, ...inner] = shape;
  if (length === undefined) {
    into.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== length)
    throw wrong(place, `a list of ${length} for the shape [${shape.join(', ')}]`, inFewWords(value));
  if (inner.length === 0) for (const each of value) into.push(each);
  else for (const [index, each] of value.entries()) flatten(each, inner, `${place}[${index}]`, into);
}

const LENGTH_BYTES = 4;

/** Texts, each after its length. */
function textsIn(name: string, bytes: Uint8Array): readonly string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let byteAt = 0; byteAt < buffer.length; ) {
    const start = byteAt + LENGTH_BYTES;
    const end = start <= buffer.length ? start + buffer.readUInt32LE(byteAt) : Number.POSITIVE_INFINITY;
    if (end > buffer.length)
      throw wrong(name, 'texts with their lengths before them', `one that does not end, at byte ${byteAt}`);
    texts.push(buffer.toString('utf8', start, end));
    byteAt = end;
  }
  return texts;
}
