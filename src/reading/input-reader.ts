// From the bytes of one value to one row of features, and to the id fields that its result will
// carry. The general reader decodes the whole value, of any format. The compiled readers are
// measured against it.

import { type NamedSchema, SchemaNeededError } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import type { Codec } from '../codec/codec.ts';
import { isNestedDeeper, NESTING_MAX } from '../codec/nesting.ts';
import type { FeaturePlan } from '../features/feature-plan.ts';
import { parsePath, valueAt } from '../features/path.ts';
import type { Rejection } from '../features/rejection.ts';
import type { Locator } from './locate.ts';

export interface InputReader {
  /** The number of floats in a row. */
  readonly width: number;
  /** Whether `read` needs the record's key. */
  readonly wantsKey: boolean;
  /**
   * Reads one value into row `row` of `features`. The time and the key are the record's. Returns
   * null, or the reason why the record cannot be scored. Throws `SchemaNeededError`: then nothing
   * was read.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    row: number,
    timestampMs: number,
    key?: Uint8Array | null,
  ): Rejection | null;
  /**
   * Takes what the headers of a record say of its value's schema. To be called before the value is
   * read or checked. Missing if headers do not matter.
   */
  named?(schema: NamedSchema): void;
  /**
   * Throws `SchemaNeededError` if `read` would, and does nothing else. Missing if `read` never
   * would.
   */
  check?(bytes: Uint8Array, start: number, end: number): void;
  /** The id fields of the value in that row, in the order of their paths. Undefined if missing. */
  ids(row: number): readonly unknown[];
  /**
   * Where an id begins in the bytes of its record. -1 if it is missing, `ELSEWHERE` if only `ids`
   * has it.
   */
  idStart(row: number, id: number): number;
  /** One past the id's last byte. */
  idEnd(row: number, id: number): number;
}

export const ELSEWHERE = -2;

/** Decodes values, and may need a schema first. */
export interface Decoder extends Pick<Codec, 'decode'> {
  check?(bytes: Uint8Array, start: number, end: number): void;
}

/** The record that was read into a row. */
interface Row {
  readonly ids: readonly unknown[];
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Where its ids stand. Null if that is not known. */
  ranges: Int32Array | null | undefined;
}

/** With a `locator` for the format of `codec`, ids can be copied from the bytes. */
export function generalReader(
  codec: Decoder,
  plan: FeaturePlan,
  idPaths: readonly string[],
  nestingMax = NESTING_MAX,
  locator: Locator | null = null,
): InputReader {
  const paths = idPaths.map(parsePath);
  const rows: Row[] = [];
  /** Looks for the ids of a row, at the first time somebody asks. */
  const rangesOf = (row: number): Int32Array | null => {
    const read = rows[row];
    if (read === undefined || locator === null) return null;
    if (read.ranges === undefined) read.ranges = locator.locate(read.bytes, read.start, read.end);
    return read.ranges;
  };
  return {
    ...(codec.check === undefined ? {} : { check: codec.check.bind(codec) }),
    width: plan.width,
    wantsKey: plan.wantsKey,
    read(bytes, start, end, features, row, timestampMs, key) {
      let value: unknown;
      try {
        value = codec.decode(bytes, start, end);
      } catch (error) {
        if (error instanceof SchemaNeededError) throw error;
        if (error instanceof SchemaError)
          return { stage: 'decode', code: 'NO_SCHEMA', message: error.message };
        return { stage: 'decode', code: 'UNDECODABLE', message: (error as Error).message };
      }
      if (isNestedDeeper(value, nestingMax)) {
        const message = `lists and maps are nested deeper than limits.nesting, ${nestingMax}`;
        return { stage: 'decode', code: 'NESTED_TOO_DEEP', message };
      }
      const rejection = plan.fill(value, features, row * plan.width, timestampMs, key);
      if (rejection !== null) return rejection;
      rows[row] = { ids: paths.map((path) => valueAt(value, path)), bytes, start, end, ranges: undefined };
      return null;
    },
    ids: (row) => rows[row]?.ids ?? [],
    idStart: (row, id) => rangesOf(row)?.[2 * id] ?? ELSEWHERE,
    idEnd: (row, id) => rangesOf(row)?.[2 * id + 1] ?? ELSEWHERE,
  };
}
