// A feature plan with windows, and the state of one partition: records in the order of the log go in, rows come out.

import { murmur3 } from './murmur3.ts';
import { compilePlan, describe, explain, getter, numberAt, put, rejected, scaled } from './plan.ts';
import type { Rejection } from './rejection.ts';
import { type PlanInput, type StatelessInput, type WindowInput, widthOf } from './spec.ts';
import type { StateOptions } from './window-spec.ts';
import { WindowState } from './window-state.ts';

/** Seeds of the two hashes by which a key is known, and of that of a value. */
const [SEED_HIGH, SEED_LOW, SEED_VALUE] = [0x5c07e1a4, 0x1a4e5eed, 0xd1571c7];

interface Column {
  readonly input: WindowInput;
  readonly at: number;
}

export class StatefulPlan {
  readonly width: number;
  readonly state: WindowState;
  readonly #stateless: readonly {
    readonly fill: ReturnType<typeof compilePlan>['fill'];
    readonly at: number;
  }[];
  readonly #windows: readonly Column[];
  readonly #timeOf: (record: unknown, timestampMs: number) => number | Rejection;
  readonly #keys: readonly ((record: unknown) => unknown)[];
  readonly #values: readonly ((record: unknown) => unknown)[];
  readonly #hashes: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #valueHashes: Uint32Array;
  readonly #out: Float64Array;

  constructor(inputs: readonly PlanInput[], options: StateOptions) {
    let at = 0;
    const placed = inputs.map((input) => {
      const column = { input, at };
      at += widthOf(input);
      return column;
    });
    this.width = at;
    this.#windows = placed.filter((column): column is Column => column.input.kind === 'window');
    this.#stateless = placed.flatMap(({ input, at: to }) =>
      input.kind === 'window' ? [] : [{ fill: compilePlan([input as StatelessInput]).fill, at: to }],
    );
    this.state = new WindowState(
      this.#windows.map(({ input }) => input.window),
      options,
    );
    const time = options.time === undefined ? undefined : numberAt(options.time);
    const toMs = options.unit === 's' ? 1_000 : 1;
    this.#timeOf = (record, timestampMs) => {
      const found = time?.(record) ?? timestampMs;
      return typeof found === 'number' && time !== undefined ? found * toMs : found;
    };
    this.#keys = this.state.by.map((by) => (by === undefined ? () => undefined : getter(by)));
    this.#values = this.state.of.map(getter);
    this.#hashes = new Uint32Array(2 * this.#keys.length);
    this.#numbers = new Float64Array(this.#values.length);
    this.#valueHashes = new Uint32Array(this.#values.length);
    this.#out = new Float64Array(this.#windows.length);
  }

  /**
   * Fills `row[at .. at + width)`. Returns null, or why the record has no features: then it is in no window either, unless
   * it is the value of a window that has no float32 after scaling.
   */
  take(
    record: unknown,
    key: Uint8Array | null,
    timestampMs: number,
    row: Float32Array,
    at: number,
  ): Rejection | null {
    for (const { fill, at: to } of this.#stateless) {
      const rejection = fill(record, row, at + to, timestampMs);
      if (rejection !== null) return rejection;
    }
    if (record === null || typeof record !== 'object') {
      return rejected('NOT_A_MAP', `the value is ${describe(record)}, expected a map of fields`);
    }
    const timeMs = this.#timeOf(record, timestampMs);
    if (typeof timeMs !== 'number') return timeMs;
    const rejection = this.#readKeys(record, key) ?? this.#readValues(record);
    if (rejection !== null) return rejection;
    this.state.take(timeMs, this.#hashes, this.#numbers, this.#valueHashes, this.#out);
    for (const [index, { input, at: to }] of this.#windows.entries()) {
      const value = this.#out[index] as number;
      const wrong = put(scaled(input, value), value, input.window.function, row, at + to);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  #readKeys(record: unknown, key: Uint8Array | null): Rejection | null {
    for (const [index, by] of this.state.by.entries()) {
      let bytes = key;
      if (by !== undefined) {
        const value = this.#keys[index]?.(record);
        if (value === undefined) return explain(by, value);
        if (value === null || typeof value === 'object')
          return rejected(
            'NOT_A_KEY',
            `field "${by}" is ${describe(value)}, expected text, a number or a flag`,
          );
        bytes = Buffer.from(String(value));
      } else if (bytes === null)
        return rejected('NO_KEY', 'the record has no key, by which its windows are kept');
      this.#hashes[2 * index] = murmur3(bytes as Uint8Array, SEED_HIGH);
      this.#hashes[2 * index + 1] = murmur3(bytes as Uint8Array, SEED_LOW);
    }
    return null;
  }

  #readValues(record: unknown): Rejection | null {
    for (const [index, of] of this.state.of.entries()) {
      const value = this.#values[index]?.(record);
      if (value === undefined || value === null || typeof value === 'object') return explain(of, value);
      this.#valueHashes[index] = murmur3(Buffer.from(String(value)), SEED_VALUE);
      // Text may be counted, not summed.
      const number = Number(value);
      if ((typeof value === 'string' || !Number.isFinite(number)) && this.#mustBeNumber(of))
        return explain(of, value);
      this.#numbers[index] = Number.isFinite(number) ? number : 0;
    }
    return null;
  }

  #mustBeNumber(of: string): boolean {
    return this.#windows.some(({ input: { window } }) => window.of === of && window.function !== 'distinct');
  }
}
