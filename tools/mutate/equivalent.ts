// Mutants that no test can catch because they do the same as the code, each with the reason. `npm
// run mutate` leaves them out of the rate, and says so. It fails if an entry matches no mutant any
// more, or if a test does catch it.

import type { Mutant } from './mutants.ts';

export interface Equivalent {
  readonly file: string;
  /** The mutant as the report prints it: `before -> after`. */
  readonly mutant: string;
  /**
   * The line in which the mutant begins. Needed if the same mutant is in several lines of the file.
   */
  readonly line?: string;
  readonly reason: string;
}

const SLOWER = 'only the slower of two ways to the same answer';

export const EQUIVALENT: readonly Equivalent[] = [
  { file: 'src/codec/json-digits.ts', mutant: 'exponent > 22 -> exponent >= 22', reason: SLOWER },
  {
    file: 'src/codec/json-walk.ts',
    mutant: 'byteAt < 0 -> byteAt <= 0',
    reason: 'an exponent stands behind a digit: none ends at byte 0',
  },
  {
    file: 'src/codec/msgpack-decode.ts',
    mutant: 'this.#isAscii(byteAt, byteAt + size) -> false',
    reason: SLOWER,
  },
  { file: 'src/codec/avro-walk.ts', mutant: "writer.kind === 'double' -> false", reason: SLOWER },
  {
    file: 'src/features/pending.ts',
    mutant:
      '(this.#arrivals[left] as number) < (this.#arrivals[right] as… -> this.#arrivals[left] as number <= (this.#arrivals[right] as …',
    reason: 'no two records arrive at the same time: their numbers differ',
  },
  {
    file: 'src/features/panes.ts',
    mutant: 'value > (this.#maxs[place] as number) -> value >= (this.#maxs[place] as number)',
    reason: 'the largest value is put in the place of its equal',
  },
  {
    file: 'src/features/panes.ts',
    mutant: 'pane - this.paneOf(lastMs) >= this.length -> pane - this.paneOf(lastMs) > this.length',
    reason:
      'a pane that is older by one ring stands in the same place, which begins anew, and its number says that it is another',
  },
  { file: 'src/features/waiting-list.ts', mutant: 'count * 4 < BUSY -> false', reason: SLOWER },
  { file: 'src/codec/avro.ts', mutant: 'this.#bytes !== bytes -> true', reason: SLOWER },
  {
    file: 'src/features/window-state.ts',
    mutant: 'slot === NONE -> false',
    line: 'if (slot === NONE) return;',
    reason: 'what is written before the beginning of an array is written nowhere',
  },
  {
    file: 'src/worker/write/avro-results.ts',
    mutant: 'end < 0 -> end <= 0',
    reason: 'a result has a byte at least: its end is never 0',
  },
  {
    file: 'src/reading/choose-reader.ts',
    mutant: 'raw.direct.length === inputs.length && !selects -> false',
    reason: 'the plan finds all columns filled then, and leaves them',
  },
  {
    file: 'src/reading/json-reader.ts',
    mutant: 'head === QUOTE && isPlainText(bytes, from + 1, to - 1) -> false',
    reason: SLOWER,
  },
  { file: 'src/reading/msgpack-reader.ts', mutant: 'length < 0 -> length <= 0', reason: SLOWER },
  { file: 'src/reading/json-reader.ts', mutant: 'head === MINUS -> false', reason: SLOWER },
  { file: 'src/reading/json-reader.ts', mutant: 'head >= ZERO && head <= NINE -> false', reason: SLOWER },
  {
    file: 'src/reading/json-reader.ts',
    mutant: 'done === input.count -> false',
    reason: 'a list that is too long is refused after it too, and the general reader fills the row again',
  },
  { file: 'src/reading/msgpack-reader.ts', mutant: 'isUnscaled(input) -> false', reason: SLOWER },
  {
    file: 'src/reading/walking-reader.ts',
    mutant: '!log1p && mean === 0 && std === 1 -> false',
    reason: SLOWER,
  },
  {
    file: 'src/reading/fields.ts',
    mutant: 'fields.length + UNWANTED_MAX -> fields.length - UNWANTED_MAX',
    reason: SLOWER,
  },
  {
    file: 'src/reading/fields.ts',
    mutant: '-1 -> +1',
    line: 'column: -1,',
    reason: 'the column of a field is read only if the field is an input',
  },
  {
    file: 'src/reading/schema-header.ts',
    mutant: 'countHeaders(record) <= 0 -> countHeaders(record) < 0',
    reason: SLOWER,
  },
  { file: 'src/reading/schema-header.ts', mutant: 'keyLength === NAME.length -> true', reason: SLOWER },
  {
    file: 'src/reading/schema-header.ts',
    mutant: '/^(.{8})(.{4})(.{4})(.{4})/ -> /(.{8})(.{4})(.{4})(.{4})/',
    reason: 'the first match begins at the first of the 32 digits',
  },
  {
    file: 'src/reading/undecoded-record.ts',
    mutant: 'element < 0 -> element <= 0',
    reason: 'the first step of a path is no element, so the index is -1 or more than 0',
  },
  { file: 'src/reading/json-reader.ts', mutant: 'entry++ -> entry--', reason: SLOWER },
  {
    file: 'src/reading/msgpack-reader.ts',
    mutant: 'size < 0 -> false',
    reason: 'what is no map is not moved past, so the record does not end where it should, and is decoded',
  },
  {
    file: 'src/log/record-batch-writer.ts',
    mutant: 'keyLength > 0 -> true',
    reason: 'of no key, or an empty one, no byte is copied either way',
  },
];

export const fits = ({ file, mutant, line }: Equivalent, other: Mutant): boolean =>
  file === other.file && mutant === other.shown && (line === undefined || line === other.lineText);
