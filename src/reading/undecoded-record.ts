// A record that was walked, not decoded: it knows where its fields stand in its bytes. A plan reads
// from it the values that the walk did not put into the row. Each value is read when it is asked
// for, and no object is made for the record.

import { canonicalPath, formatPath, isElement, type Path, parsePath } from '../features/path.ts';
import { OBJECT_FIELDS } from '../features/plan.ts';
import type { PlanInput } from '../features/spec.ts';
import { elementOf } from './fields.ts';
import { WalkedRecord } from './walked-record.ts';

/** Reads the value in a range of bytes, or one element of it. */
export type ReadValue = (bytes: Uint8Array, start: number, end: number, element: number) => unknown;

/** Stands for the value itself, not an element of it. */
export const WHOLE = -1;

/**
 * An id of the result: the number of its path, and the further steps from there if the path leads
 * to a value around it.
 */
export interface PlacedId {
  readonly place: number;
  readonly rest: Path;
}

/** Says where the fields of a row stand. */
export interface Ranges {
  startOf(row: number, place: number): number;
  endOf(row: number, place: number): number;
}

export class UndecodedRecord extends WalkedRecord {
  /**
   * The paths that must be found in a record besides inputs: for the ids of the result, and for the
   * plan.
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

  /** Takes where to look and how to read. The reader of the records calls it once. */
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
   * Maps are walked field by field, lists as wholes. So an id inside a list, or inside something
   * that may be a list, is looked for in the whole list later.
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

  /** An element of a list is found through the list, if that is walked as a whole. */
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
