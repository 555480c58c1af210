// A record that was walked, not decoded: where its fields stand in its bytes. A plan reads from it
// what the walk did not put into the row by itself; a value is read when it is asked for, and no
// object is made for the record.

import { canonicalPath, formatPath, isElement, type Path, parsePath } from '../features/path.ts';
import { OBJECT_FIELDS } from '../features/plan.ts';
import type { PlanInput } from '../features/spec.ts';
import { elementOf } from './fields.ts';
import { WalkedRecord } from './walked-record.ts';

/** Reads the value that stands in a range of bytes, or its element of that number. */
export type ReadValue = (bytes: Uint8Array, start: number, end: number, element: number) => unknown;

/** The value itself. */
export const WHOLE = -1;

/**
 * An id of the result: which of the paths it is, or in which one it stands by what further steps.
 */
export interface PlacedId {
  readonly place: number;
  readonly rest: Path;
}

/** Where a row's fields stand. */
export interface Ranges {
  startOf(row: number, place: number): number;
  endOf(row: number, place: number): number;
}

export class UndecodedRecord extends WalkedRecord {
  /**
   * What must be found in a record besides inputs: for the ids of the result, and what the plan
   * asks for.
   */
  readonly paths: string[] = [];
  readonly ids: readonly PlacedId[];
  #bytes: Uint8Array = new Uint8Array(0);
  #row = 0;
  #ranges: Ranges | undefined;
  #read: ReadValue | undefined;

  constructor(inputs: readonly PlanInput[], idPaths: readonly string[]) {
    super(inputs);
    this.ids = idPaths.map((path) => this.#placeOfId(parsePath(path)));
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

  /**
   * Maps are walked, lists as wholes: what is inside of one, or of what may be one, is looked for
   * in it.
   */
  #placeOfId(steps: Path): PlacedId {
    const element = steps.findIndex((step, depth) => depth > 0 && isElement(step));
    const until = element < 0 ? steps.length : element;
    return { place: this.#want(formatPath(steps.slice(0, until))), rest: steps.slice(until) };
  }

  #want(path: string): number {
    const known = this.paths.indexOf(path);
    return known < 0 ? this.paths.push(path) - 1 : known;
  }

  /** An element of a list that is walked as a whole is found through the list. */
  #place(path: string): { readonly id: number; readonly element: number } {
    const { list, element } = elementOf(path, this.inputs) ?? { list: { path }, element: WHOLE };
    return { id: this.#want(canonicalPath(list.path)), element };
  }

  #value(id: number, element: number): unknown {
    const start = this.#ranges?.startOf(this.#row, id) ?? WHOLE;
    if (start < 0) return undefined;
    return this.#read?.(this.#bytes, start, this.#ranges?.endOf(this.#row, id) ?? start, element);
  }
}
