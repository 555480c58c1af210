// A feature plan with windows, and the state of one partition. Records go in, in the order of the
// log, and rows come out.

import { ScorelaneError } from '../base/errors.ts';
import type { FeaturePlan, Fields } from './feature-plan.ts';
import { murmur3 } from './murmur3.ts';
import { isMap } from './path.ts';
import { compilePlan, OBJECT_FIELDS, put, scaled, timeAt } from './plan.ts';
import { describe, explain, notAMap, rejected } from './refusals.ts';
import type { Rejection } from './rejection.ts';
import { type PlanInput, type StatelessInput, type WindowInput, widthOf } from './spec.ts';
import type { WindowCounts } from './window-counts.ts';
import type { StateOptions, Window } from './window-spec.ts';
import { WindowState } from './window-state.ts';

/** Seeds of the two hashes that identify a key, and of the hash of a value. */
const [SEED_HIGH, SEED_LOW, SEED_VALUE] = [0x5c07e1a4, 0x1a4e5eed, 0xd1571c7];

/**
 * Whether all records with this value of a field are in the same partition as this record. `text`
 * and `value` are the value, as text and as it was read. `key` is the record's key. A window by a
 * field sees one partition only.
 */
export type Owns = (text: Uint8Array, value: unknown, key: Uint8Array | null) => boolean;

/** The code of a record that lies in another partition than its field says. */
export const NOT_COPARTITIONED = 'NOT_COPARTITIONED';

interface Column {
  readonly input: WindowInput;
  readonly from: number;
}

/** The windows of an input: one for each of its fields. */
const windowsOf = ({ input: { window } }: Column): Window[] =>
  window.fields === undefined ? [window] : window.fields.map((of) => ({ ...window, of }));

/** Where its values go in a row, in the order in which the state gives them. */
function columnsOf({ input, from }: Column): Column[] {
  const { count = 1, fields = [''] } = input.window;
  return fields.flatMap((_, field) =>
    Array.from({ length: count }, (__, step) => ({ input, from: from + step * fields.length + field })),
  );
}

/** A field that windows look at. */
interface ValueField {
  readonly of: string;
  readonly get: (record: unknown) => unknown;
  /** Used by `distinct`, which takes any value. */
  readonly counted: boolean;
  /** Used by another function, which needs a number. */
  readonly summed: boolean;
}

/**
 * A record went only halfway into the windows. From then on they do not follow from the log any
 * more.
 */
export class StateBrokenError extends ScorelaneError {
  readonly code = 'SCORELANE_STATE_BROKEN';
}

export class StatefulPlan implements FeaturePlan {
  readonly width: number;
  readonly wantsKey: boolean;
  readonly state: WindowState;
  /**
   * A record that is older than the latest by more than `ms` is in no window. `driftMs` says how
   * far a time may be from its timestamp. It is infinite where nothing bounds it.
   */
  readonly reach: { readonly ms: number; readonly driftMs: number };
  readonly #stateless: readonly {
    readonly fill: ReturnType<typeof compilePlan>['fill'];
    readonly from: number;
  }[];
  /** Of what comes out of the windows. */
  readonly #columns: readonly Column[];
  readonly #timeOf: (record: unknown, timestampMs: number) => number | Rejection;
  readonly #keys: readonly ((record: unknown) => unknown)[];
  readonly #values: readonly ValueField[];
  readonly #hashes: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #valueHashes: Uint32Array;
  readonly #out: Float64Array;
  #ahead = 0;
  readonly #owns: Owns | null;

  constructor(
    inputs: readonly PlanInput[],
    options: StateOptions,
    owns: Owns | null = null,
    fields: Fields = OBJECT_FIELDS,
    nowMs: () => number = Date.now,
  ) {
    this.#owns = options.partitioning === 'trusted' ? null : owns;
    let width = 0;
    const placed = inputs.map((input) => {
      const column = { input, from: width };
      width += widthOf(input);
      return column;
    });
    this.width = width;
    const own = placed.filter((column): column is Column => column.input.kind === 'window');
    const windows = own.flatMap(windowsOf);
    this.#columns = own.flatMap(columnsOf);
    this.#stateless = placed.flatMap(({ input, from }) =>
      input.kind === 'window' ? [] : [{ fill: compilePlan([input as StatelessInput], fields).fill, from }],
    );
    this.state = new WindowState(windows, options);
    this.wantsKey = this.#owns !== null || this.state.by.includes(undefined);
    this.reach = { ms: this.state.reachMs, driftMs: options.driftMs ?? Number.POSITIVE_INFINITY };
    const timeOf = timeAt(options.time, options.unit, fields);
    const { driftMs = Number.POSITIVE_INFINITY, aheadMs = Number.POSITIVE_INFINITY } = options;
    // The clock is read only when a record is later than the last reading allows, not for each
    // record.
    let latestMs = Number.NEGATIVE_INFINITY;
    this.#timeOf = (record, timestampMs) => {
      const timeMs = timeOf(record, timestampMs);
      if (typeof timeMs !== 'number') return timeMs;
      // A record without a timestamp cannot be checked.
      if (options.time !== undefined && Math.abs(timeMs - timestampMs) > driftMs)
        return rejected(
          'TIME_ASTRAY',
          `field "${options.time}" is ${timeMs} ms since 1970, ${Math.abs(timeMs - timestampMs)} ms from the record's timestamp; ` +
            `windows.drift allows ${driftMs} ms`,
        );
      if (timeMs <= latestMs) return timeMs;
      latestMs = nowMs() + aheadMs;
      if (timeMs <= latestMs) return timeMs;
      this.#ahead++;
      return rejected('TIME_AHEAD', timeAhead(options, timeMs, timeMs - latestMs + aheadMs));
    };
    this.#keys = this.state.by.map((by) => (by === undefined ? () => undefined : fields.getter(by)));
    this.#values = this.state.of.map((of) => {
      const functions = windows.flatMap((window) => (window.of === of ? [window.function] : []));
      const counted = functions.includes('distinct');
      return { of, get: fields.getter(of), counted, summed: functions.some((name) => name !== 'distinct') };
    });
    this.#hashes = new Uint32Array(2 * this.#keys.length);
    this.#numbers = new Float64Array(this.#values.length);
    this.#valueHashes = new Uint32Array(this.#values.length);
    this.#out = new Float64Array(this.#columns.length);
  }

  /** What the windows have counted, for the telemetry. */
  get counts(): WindowCounts {
    return { ...this.state.counts, ahead: this.#ahead };
  }

  /**
   * Fills `row[column .. column + width)`. Returns null, or the reason why the record has no
   * features. A record without features is in no window either. There is one exception: the value
   * of a window has no float32 after scaling. All of the record is read before any of it goes into
   * the windows. So an error leaves the windows as they were, unless it is a `StateBrokenError`.
   */
  fill(...given: Parameters<FeaturePlan['fill']>): Rejection | null {
    return this.#fill(false, ...given);
  }

  /** Fills the row as `fill` would, if the record came next. No window changes, and no count. */
  peek(...given: Parameters<FeaturePlan['fill']>): Rejection | null {
    const ahead = this.#ahead;
    const rejection = this.#fill(true, ...given);
    this.#ahead = ahead;
    return rejection;
  }

  #fill(
    peeks: boolean,
    record: unknown,
    row: Float32Array,
    column: number,
    timestampMs: number,
    key: Uint8Array | null = null,
  ): Rejection | null {
    for (const { fill, from } of this.#stateless) {
      const rejection = fill(record, row, column + from, timestampMs);
      if (rejection !== null) return rejection;
    }
    if (!isMap(record)) return notAMap(record);
    const timeMs = this.#timeOf(record, timestampMs);
    if (typeof timeMs !== 'number') return timeMs;
    const rejection = this.#readKeys(record, key) ?? this.#readValues(record);
    if (rejection !== null) return rejection;
    if (peeks) this.state.peek(timeMs, this.#hashes, this.#numbers, this.#valueHashes, this.#out);
    else this.#observe(timeMs);
    for (let index = 0; index < this.#columns.length; index++) {
      const { input, from } = this.#columns[index] as Column;
      const value = this.#out[index] as number;
      const wrong = put(scaled(input, value), value, input.window.function, row, column + from);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  #observe(timeMs: number): void {
    try {
      this.state.observe(timeMs, this.#hashes, this.#numbers, this.#valueHashes, this.#out);
    } catch (error) {
      throw new StateBrokenError(`a record of ${timeMs} ms breaks the windows: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #readKeys(record: unknown, key: Uint8Array | null): Rejection | null {
    for (const [index, by] of this.state.by.entries()) {
      let bytes = key;
      if (by !== undefined) {
        const value = this.#keys[index]?.(record);
        if (value === undefined) return explain(by, value);
        // NaN and infinity come from other numbers. As a key they would make one key of many.
        const isNone = typeof value === 'number' && !Number.isFinite(value);
        if (value === null || typeof value === 'object' || isNone)
          return rejected(
            'NOT_A_KEY',
            `field "${by}" is ${describe(value)}, expected text, a finite number or a flag`,
          );
        bytes = Buffer.from(String(value));
        if (this.#owns !== null && !this.#owns(bytes, value, key))
          return rejected(NOT_COPARTITIONED, notCopartitioned(by, value));
      } else if (bytes === null)
        return rejected('NO_KEY', 'the record has no key, by which its windows are kept');
      this.#hashes[2 * index] = murmur3(bytes as Uint8Array, SEED_HIGH);
      this.#hashes[2 * index + 1] = murmur3(bytes as Uint8Array, SEED_LOW);
    }
    return null;
  }

  #readValues(record: unknown): Rejection | null {
    for (let index = 0; index < this.#values.length; index++) {
      const { of, get, counted, summed } = this.#values[index] as ValueField;
      const value = get(record);
      if (value === undefined || value === null || typeof value === 'object') return explain(of, value);
      if (counted) this.#valueHashes[index] = murmur3(Buffer.from(String(value)), SEED_VALUE);
      // Text can be counted, but not summed.
      const number = Number(value);
      if (summed && (typeof value === 'string' || !Number.isFinite(number))) return explain(of, value);
      this.#numbers[index] = Number.isFinite(number) ? number : 0;
    }
    return null;
  }
}

const timeAhead = ({ time, aheadMs }: StateOptions, timeMs: number, byMs: number): string =>
  `${time === undefined ? "the record's timestamp" : `field "${time}"`} is ${timeMs} ms since 1970, ${byMs} ms after the clock here; ` +
  `windows.ahead of the model allows ${aheadMs} ms: in the windows it would make all later records late`;

const notCopartitioned = (by: string, value: unknown): string =>
  `windows are kept by field "${by}", which is ${describe(value)}, but the record's key is another and would send it to another ` +
  'partition: records of one such field may lie in several partitions, and a window would see some of them only. Key the topic by ' +
  'this field, or write it again keyed so, or give it one partition; where another partitioner puts them together all the same, say ' +
  'partitioning: trusted under windows in model.yaml';
