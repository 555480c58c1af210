// A record that was walked, not decoded: where its fields stand in its bytes. A plan reads from it what the walk did not put
// into the row by itself; a value is read when it is asked for, and no object is made for the record.

import { canonical } from '../features/path.ts';
import { OBJECT_FIELDS } from '../features/plan.ts';
import type { PlanInput } from '../features/spec.ts';
import { elementOf } from './fields.ts';
import { WalkedRecord } from './walked-record.ts';

/** Reads the value that stands in a range of bytes, or its element of that number. */
export type ReadValue = (bytes: Uint8Array, start: number, end: number, element: number) => unknown;

/** The value itself. */
export const WHOLE = -1;

/** Where a row's fields stand: as `InputReader` has it for ids. */
export interface Ranges {
  idStart(row: number, id: number): number;
  idEnd(row: number, id: number): number;
}

export class RawRecord extends WalkedRecord {
  /** What must be found in a record besides inputs: first the ids of the result, then what the plan asks for. */
  readonly paths: string[];
  #bytes: Uint8Array = new Uint8Array(0);
  #row = 0;
  #ranges: Ranges | undefined;
  #read: ReadValue | undefined;

  constructor(inputs: readonly PlanInput[], idPaths: readonly string[]) {
    super(inputs);
    this.paths = idPaths.map(canonical);
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

  getter(path: string): (record: unknown) => unknown {
    const ofObject = OBJECT_FIELDS.getter(path);
    const { id, element } = this.#place(path);
    return (record) => (record === this ? this.#value(id, element) : ofObject(record));
  }

  /** An element of a list that is walked as a whole is found through the list. */
  #place(path: string): { readonly id: number; readonly element: number } {
    const { list, element } = elementOf(path, this.inputs) ?? { list: { path }, element: WHOLE };
    const wanted = canonical(list.path);
    const known = this.paths.indexOf(wanted);
    return { id: known < 0 ? this.paths.push(wanted) - 1 : known, element };
  }

  #value(id: number, element: number): unknown {
    const start = this.#ranges?.idStart(this.#row, id) ?? WHOLE;
    if (start < 0) return undefined;
    return this.#read?.(this.#bytes, start, this.#ranges?.idEnd(this.#row, id) ?? start, element);
  }
}
