// A record that was walked, not decoded: where its fields stand in its bytes. A plan reads from it what the walk did not put
// into the row by itself; a value is read when it is asked for, and no object is made for the record.

import { type Fields, OBJECT_FIELDS } from '../features/plan.ts';
import type { FieldInput, PlanInput } from '../features/spec.ts';
import { widthOf } from '../features/spec.ts';
import type { Placed } from './fields.ts';

/** Reads the value that stands in a range of bytes, or its element of that number. */
export type ReadValue = (bytes: Uint8Array, start: number, end: number, element: number) => unknown;

/** The value itself. */
export const WHOLE = -1;

/** Where a row's fields stand: as `InputReader` has it for ids. */
export interface Ranges {
  idStart(row: number, id: number): number;
  idEnd(row: number, id: number): number;
}

export class RawRecord implements Fields {
  /** What must be found in a record besides inputs: first the ids of the result, then what the plan asks for. */
  readonly paths: string[];
  /** Inputs that are walked straight into their columns: the first of each path. */
  readonly direct: readonly Placed[];
  readonly #filled: ReadonlySet<PlanInput>;
  #bytes: Uint8Array = new Uint8Array(0);
  #row = 0;
  #ranges: Ranges | undefined;
  #read: ReadValue | undefined;

  constructor(inputs: readonly PlanInput[], idPaths: readonly string[]) {
    this.paths = [...idPaths];
    const direct = new Map<string, Placed>();
    let column = 0;
    for (const input of inputs) {
      if (input.kind === 'field' && !direct.has(input.path)) direct.set(input.path, { input, column });
      column += widthOf(input);
    }
    this.direct = [...direct.values()];
    this.#filled = new Set(this.direct.map(({ input }) => input));
  }

  /** Where to look, and how: what reads the records says it once. */
  open(ranges: Ranges, read: ReadValue): void {
    this.#ranges = ranges;
    this.#read = read;
  }

  /** Shows the record of that row. */
  show(bytes: Uint8Array, row: number): this {
    this.#bytes = bytes;
    this.#row = row;
    return this;
  }

  isFilled(record: unknown, input: PlanInput): boolean {
    return record === this && this.#filled.has(input);
  }

  getter(path: string): (record: unknown) => unknown {
    const ofObject = OBJECT_FIELDS.getter(path);
    const { id, element } = this.#place(path);
    return (record) => (record === this ? this.#value(id, element) : ofObject(record));
  }

  /** An element of a list that is walked as a whole is found through the list. */
  #place(path: string): { readonly id: number; readonly element: number } {
    const dot = path.lastIndexOf('.');
    const [parent, last] = [path.slice(0, Math.max(0, dot)), path.slice(dot + 1)];
    const isElement = /^\d+$/.test(last) && this.direct.some(({ input }) => isListAt(input, parent));
    const wanted = isElement ? parent : path;
    let id = this.paths.indexOf(wanted);
    if (id < 0) id = this.paths.push(wanted) - 1;
    return { id, element: isElement ? Number(last) : WHOLE };
  }

  #value(id: number, element: number): unknown {
    const start = this.#ranges?.idStart(this.#row, id) ?? WHOLE;
    if (start < 0) return undefined;
    return this.#read?.(this.#bytes, start, this.#ranges?.idEnd(this.#row, id) ?? start, element);
  }
}

const isListAt = ({ path, count }: FieldInput, wanted: string): boolean =>
  path === wanted && count !== undefined;
