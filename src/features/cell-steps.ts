// Fills the columns of categories, whole numbers, flags and text. All cells of a row have four
// bytes; a whole number is written as int32 into them, and a text as its place in the thread's
// table.

import { fingerprint64 } from 'farmhash-modern';
import type { CellInput, HashingInput, TokensInput } from './category-spec.ts';
import { forEachElement } from './elements.ts';
import type { Fields, Step } from './feature-plan.ts';
import { describe, explain, rejected } from './refusals.ts';
import type { Rejection } from './rejection.ts';
import type { WholeInput } from './spec.ts';
import { texts } from './texts.ts';
import { numberOf } from './vocabulary.ts';

/** The cells of rows as int32: another view of the same bytes. */
export class IntView {
  #row: Float32Array = new Float32Array(0);
  #ints: Int32Array = new Int32Array(0);

  of(row: Float32Array): Int32Array {
    if (row !== this.#row) {
      this.#row = row;
      this.#ints = new Int32Array(row.buffer, row.byteOffset, row.length);
    }
    return this.#ints;
  }
}

/** What an element becomes in its cell, or why it cannot. */
type Cell = (value: unknown, path: string) => number | Rejection;

export function compileCells(input: CellInput, fields: Fields): Step {
  switch (input.kind) {
    case 'integer':
      return each(input, 'int', 'whole numbers', integer, fields);
    case 'flag':
      return each(input, 'int', 'flags', flag, fields);
    case 'text':
      return each(
        input,
        'int',
        'texts',
        (value, path) => withText(value, path, (text) => texts.add(text)),
        fields,
      );
    case 'category':
    case 'hashing': {
      const number = input.kind === 'category' ? numberOf(input.vocabulary) : binOf(input);
      return each(input, input.cell, 'categories', (value, path) => withText(value, path, number), fields);
    }
    case 'tokens':
      return words(input, fields);
  }
}

/** Writes as int32 what another step gives as floats; what is no whole number is rounded down. */
export function asIntegers({ input }: WholeInput, fill: Step, width: number): Step {
  const view = new IntView();
  return (record, row, column, timestampMs, key) => {
    const rejection = fill(record, row, column, timestampMs, key);
    if (rejection !== null) return rejection;
    const ints = view.of(row);
    // A float32 does not have every constant.
    if (input.kind === 'constant') ints[column] = input.constant;
    else for (let to = column; to < column + width; to++) ints[to] = Math.floor(row[to] as number);
    return null;
  };
}

type Placed = Exclude<CellInput, TokensInput>;

function each(input: Placed, cell: 'float' | 'int', what: string, cellOf: Cell, fields: Fields): Step {
  const { path, count, default: missing } = input;
  const lengths = ('shape' in input ? input.shape : undefined) ?? (count === undefined ? [] : [count]);
  const get = fields.getter(path);
  const view = new IntView();
  const given = (value: unknown): unknown => value ?? missing ?? value;
  return (record, row, column) => {
    const cells = cell === 'int' ? view.of(row) : row;
    const put = (value: unknown, index: number, place: string): Rejection | null => {
      const found = cellOf(given(value), place);
      if (typeof found !== 'number') return found;
      cells[column + index] = found;
      return null;
    };
    const value = get(record);
    if (lengths.length === 0) return put(value, 0, path);
    if ((value === undefined || value === null) && missing !== undefined) {
      for (let index = 0; index < (count as number); index++) {
        const refusal = put(missing, index, path);
        if (refusal !== null) return refusal;
      }
      return null;
    }
    if (value === undefined) return explain(path, value);
    return forEachElement(path, value, lengths, what, put);
  };
}

function integer(value: unknown, path: string): number | Rejection {
  const number =
    typeof value === 'bigint' ? Number(value) : typeof value === 'boolean' ? Number(value) : value;
  if (value === undefined) return explain(path, value);
  if (typeof number === 'number' && (number | 0) === number) return number;
  return rejected(
    'NOT_AN_INTEGER',
    `field "${path}" is ${describe(value)}, expected a whole number of 32 bits`,
  );
}

function flag(value: unknown, path: string): number | Rejection {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  if (value === undefined) return explain(path, value);
  return rejected('NOT_A_FLAG', `field "${path}" is ${describe(value)}, expected true or false, or 1 or 0`);
}

/** Text, numbers and flags by their text. */
function withText(value: unknown, path: string, of: (text: string) => number): number | Rejection {
  if (typeof value === 'string') return of(value);
  if (value === undefined) return explain(path, value);
  if (value !== null && typeof value !== 'object') return of(String(value));
  return rejected(
    'NOT_A_CATEGORY',
    `field "${path}" is ${describe(value)}, expected text, a number or a flag`,
  );
}

/**
 * The bin of Keras' layer Hashing (keras/src/layers/preprocessing/hashing.py): with a mask, bin 0
 * is kept for it.
 */
function binOf({ hashing: { bins, mask } }: HashingInput): (text: string) => number {
  const masked = mask === undefined ? undefined : String(mask);
  const free = BigInt(masked === undefined ? bins : Math.max(bins - 1, 1));
  const first = masked === undefined || bins === 1 ? 0 : 1;
  return (text) => (text === masked ? 0 : first + Number(fingerprint64(text) % free));
}

/** What TextVectorization splits at: TensorFlow looks at ASCII alone, also for small letters. */
const SPACE = /[ \t\n\v\f\r]+/;
/** What it strips: all of ASCII's punctuation. */
const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;

function words({ path, tokens, default: missing, cell }: TokensInput, fields: Fields): Step {
  const { vocabulary, count, standardize, split } = tokens;
  const get = fields.getter(path);
  const number = numberOf(vocabulary);
  const view = new IntView();
  return (record, row, column) => {
    const value = get(record) ?? missing;
    if (value === undefined) return explain(path, value);
    if (typeof value !== 'string')
      return rejected('NOT_A_CATEGORY', `field "${path}" is ${describe(value)}, expected text`);
    let text = value;
    if (standardize.startsWith('lower'))
      text = text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
    if (standardize.endsWith('punctuation')) text = text.replaceAll(PUNCTUATION, '');
    const found = split === 'character' ? [...text] : text.split(SPACE).filter((word) => word !== '');
    const cells = cell === 'int' ? view.of(row) : row;
    for (let index = 0; index < count; index++) {
      const word = found[index];
      cells[column + index] = word === undefined ? 0 : number(word);
    }
    return null;
  };
}
