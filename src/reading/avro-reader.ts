// The compiled reader for Avro. A walk over each value finds the numbers and the few other fields
// that a model asks for, with no object for the record. Records that cannot be walked are left to
// the general reader. Both give the same features and the same refusals (test/scoring/).

import { type AvroOptions, AvroReader, type NamedSchema, SchemaNeededError } from '../codec/avro.ts';
import { Found } from '../codec/avro-found.ts';
import type { WantedPath } from '../codec/avro-walk.ts';
import type { FeaturePlan } from '../features/feature-plan.ts';
import { canonicalPath, formatPath, parsePath } from '../features/path.ts';
import { OBJECT_FIELDS, scaled } from '../features/plan.ts';
import { asNumber } from '../features/refusals.ts';
import type { Rejection } from '../features/rejection.ts';
import type { PlanInput } from '../features/spec.ts';
import { elementOf, type Placed } from './fields.ts';
import { ELSEWHERE, generalReader, type InputReader } from './input-reader.ts';
import { WalkedRecord } from './walked-record.ts';

interface Direct extends Placed {
  readonly place: number;
}

/** A record that was walked: the found values, by paths. */
export class AvroRecord extends WalkedRecord {
  /** Where the walk puts the direct inputs. */
  readonly placed: readonly Direct[];
  readonly #paths: WantedPath[] = [];
  #places = 0;
  #found: Found | undefined;

  constructor(inputs: readonly PlanInput[]) {
    super(inputs);
    this.placed = this.direct.map((direct) => ({
      ...direct,
      place: this.#want(direct.input.path, direct.input.count),
    }));
  }

  /** All paths that the walk must find. Complete once every getter was asked for. */
  get paths(): readonly WantedPath[] {
    return this.#paths;
  }

  get found(): Found {
    return (this.#found ??= new Found(this.#places));
  }

  getter(path: string): (record: unknown) => unknown {
    const ofObject = OBJECT_FIELDS.getter(path);
    const list = this.placed.find(
      ({ input }) => canonicalPath(input.path) === canonicalPath(path) && input.count !== undefined,
    );
    if (list !== undefined) {
      const { place } = list;
      const until = place + (list.input.count as number);
      return (record) => {
        if (record !== this) return ofObject(record);
        // If no list was found, its places hold a default, or values of an earlier record.
        return this.found.isNumber(place)
          ? [...this.found.numbers.subarray(place, until)]
          : this.found.valueAt(place);
      };
    }
    const place = this.placeOf(path);
    return (record) => (record === this ? this.found.valueAt(place) : ofObject(record));
  }

  /**
   * The place of a path. An element of a list that is found as a whole has one of the places of the
   * list.
   */
  placeOf(path: string): number {
    const wanted = canonicalPath(path);
    const known = this.#paths.find(({ steps, count }) => formatPath(steps) === wanted && count === undefined);
    if (known !== undefined) return known.place;
    const { list, element } = elementOf(path, this.inputs) ?? {};
    const whole = this.placed.find(({ input }) => input === list);
    const isInside = whole !== undefined && element !== undefined && element < (list?.count ?? 0);
    return isInside ? whole.place + element : this.#want(path);
  }

  #want(path: string, count?: number): number {
    const place = this.#places;
    this.#paths.push({ steps: parsePath(path), place, count });
    this.#places += count ?? 1;
    return place;
  }
}

export interface AvroReaderParts {
  readonly options: AvroOptions;
  readonly inputs: readonly PlanInput[];
  /** Compiled for these inputs. It reads its fields from `record`. */
  readonly plan: FeaturePlan;
  readonly record: AvroRecord;
  readonly idPaths: readonly string[];
  readonly nestingMax: number;
  /**
   * Whether the plan must also see records whose inputs were all walked, because it may skip them.
   */
  readonly selects?: boolean;
}

export class WalkingAvroReader implements InputReader {
  readonly width: number;
  readonly wantsKey: boolean;
  /** Learns writers' schemas. */
  readonly codec: AvroReader;
  readonly named?: (schema: NamedSchema) => void;
  readonly #general: InputReader;
  readonly #plan: FeaturePlan;
  readonly #record: AvroRecord;
  readonly #hasRest: boolean;
  readonly #ids: readonly number[];
  /** By row: its ids, or null if the general reader has them. */
  readonly #rows: (readonly unknown[] | null)[] = [];

  /** Throws `SchemaError`. */
  constructor({ options, inputs, plan, record, idPaths, nestingMax, selects = false }: AvroReaderParts) {
    this.#ids = idPaths.map((path) => record.placeOf(path));
    this.codec = new AvroReader(options, { paths: record.paths, nestingMax });
    if (options.framing === 'confluent')
      this.named = (schema) => {
        this.codec.named = schema;
      };
    this.#general = generalReader(this.codec, plan, idPaths, nestingMax);
    this.#plan = plan;
    this.#record = record;
    this.#hasRest = selects || record.direct.length < inputs.length;
    this.width = plan.width;
    this.wantsKey = plan.wantsKey;
  }

  check(bytes: Uint8Array, start: number, end: number): void {
    this.codec.check(bytes, start, end);
  }

  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    features: Float32Array,
    row: number,
    timestampMs: number,
    key: Uint8Array | null = null,
  ): Rejection | null {
    const rowStart = row * this.width;
    if (!this.#walked(bytes, start, end) || !this.#fill(features, rowStart)) {
      this.#rows[row] = null;
      return this.#general.read(bytes, start, end, features, row, timestampMs, key);
    }
    const { found } = this.#record;
    this.#rows[row] = this.#ids.map((place) => found.valueAt(place));
    return this.#hasRest ? this.#plan.fill(this.#record, features, rowStart, timestampMs, key) : null;
  }

  /** Whether the record in that row was read without decoding. */
  isWalked(row: number): boolean {
    return this.#rows[row] !== null;
  }

  ids(row: number): readonly unknown[] {
    return this.#rows[row] ?? this.#general.ids(row);
  }

  idStart(): number {
    return ELSEWHERE;
  }

  idEnd(): number {
    return ELSEWHERE;
  }

  #walked(bytes: Uint8Array, start: number, end: number): boolean {
    try {
      return this.codec.walk(bytes, start, end, this.#record.found);
    } catch (error) {
      if (error instanceof SchemaNeededError) throw error;
      // The general reader will say what is wrong.
      return false;
    }
  }

  /**
   * Scales the found values into their columns. Returns false if a number is missing, or has no
   * float32.
   */
  #fill(features: Float32Array, rowStart: number): boolean {
    const { found, placed } = this.#record;
    for (const { input, column, place } of placed) {
      const count = input.count ?? 1;
      if (!found.isNumber(place)) {
        const given = found.valueAt(place) ?? null;
        const other = input.count === undefined ? asNumber(given) : undefined;
        const number = given !== null ? other : typeof input.default === 'number' ? input.default : undefined;
        if (number === undefined) return false;
        found.numbers.fill(number, place, place + count);
      }
      for (let index = 0; index < count; index++) {
        const feature = scaled(input, found.numbers[place + index] as number);
        // Only for NaN and infinity is this difference not 0.
        if (feature - feature !== 0) return false;
        features[rowStart + column + index] = feature;
      }
    }
    return true;
  }
}
