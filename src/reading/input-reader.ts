// From the bytes of one value to one row of features and the id fields that its result will carry.
// This is the general form, through a decoded object: for every format, and the measure of the
// compiled ones.

import { type NamedSchema, SchemaNeededError } from '../codec/avro.ts';
import { SchemaError } from '../codec/avro-schema.ts';
import type { Codec } from '../codec/codec.ts';
import { isNestedDeeper, NESTING_MAX } from '../codec/nesting.ts';
import { parsePath, valueAt } from '../features/path.ts';
import type { FeaturePlan } from '../features/plan.ts';
import type { Rejection } from '../features/rejection.ts';
import type { Locator } from './locate.ts';

export interface InputReader {
  /** Floats in a row. */
  readonly width: number;
  /** Whether `read` looks at the record's key. */
  readonly wantsKey: boolean;
  /**
   * Reads one value, of a record of that time and key, into row `row` of `features`. Returns null,
   * or why the record cannot be scored. Throws `SchemaNeededError`: then nothing was read.
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
   * What the headers of a record say of its value's schema, before it is read or checked. Not there
   * where they have no say.
   */
  named?(schema: NamedSchema): void;
  /**
   * Throws `SchemaNeededError` where `read` would, and does nothing else. Not there where it never
   * would.
   */
  check?(bytes: Uint8Array, start: number, end: number): void;
  /**
   * The id fields of the value read into that row, in the order of their paths; undefined where
   * missing.
   */
  ids(row: number): readonly unknown[];
  /**
   * Where an id stands in the bytes that the row was read from: -1 when it is missing, `ELSEWHERE`
   * when only `ids` has it.
   */
  idStart(row: number, id: number): number;
  /** One past its last byte. */
  idEnd(row: number, id: number): number;
}

export const ELSEWHERE = -2;

/** What decodes values, and may have to learn a schema first. */
export interface Decoder extends Pick<Codec, 'decode'> {
  check?(bytes: Uint8Array, start: number, end: number): void;
}

/** What was read into a row. */
interface Row {
  readonly ids: readonly unknown[];
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Where its ids stand; null where that cannot be said. */
  ranges: Int32Array | null | undefined;
}

/** With a `locator` of the ids, of the format of `codec`, they can be copied from the bytes. */
export function generalReader(
  codec: Decoder,
  plan: FeaturePlan,
  idPaths: readonly string[],
  nestingMax = NESTING_MAX,
  locator: Locator | null = null,
): InputReader {
  const paths = idPaths.map(parsePath);
  const rows: Row[] = [];
  /** Looks where ids stand, once somebody asks for a row's. */
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
