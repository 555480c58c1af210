// The state of the windows of one partition of the input. It depends on the records taken so far,
// and on nothing else. Records come in the order of the log, and may be out of order in event time.
// A record within the grace waits, as a single record, until the watermark (the latest time minus
// the grace) has passed it. Then it goes into its pane. The windows of a record hold the panes,
// which all lie before the watermark, and the waiting records that are not later than the record.
// They never see the future.

import type { Archive } from './archive.ts';
import { KeyGroup, NO_SLOT } from './key-group.ts';
import { columnsIn, LastValues } from './last-values.ts';
import { Gathered, type Panes, type Respects } from './panes.ts';
import { Pending } from './pending.ts';
import { NO_WINDOWS, type WindowCounts } from './window-counts.ts';
import { NO_RING, result, ringFor, ringKey, ringLength } from './window-rings.ts';
import type { StateOptions, Window } from './window-spec.ts';

interface Placed {
  readonly window: Window;
  /** The column that its value goes into, or the first of its values. */
  readonly column: number;
}

/**
 * Windows that end with the same pane of the same ring. Each contains the one before, so going back
 * over the panes once fills all of them.
 */
interface Sweep {
  readonly group: number;
  readonly ring: Panes;
  readonly delayMs: number;
  /** Index of their field among the values of a record, -1 for none. */
  readonly value: number;
  /** The shortest first. */
  readonly windows: readonly Placed[];
}

/** Windows that need no panes. */
interface Since extends Placed {
  readonly group: number;
}

type Bounds = Pick<StateOptions, 'graceMs' | 'keysMax' | 'pendingMax'>;

type Four = [number, number, number, number];

const NONE = NO_SLOT;

export class WindowState {
  /**
   * Fields with keys, in the order in which `observe` wants their hashes. Undefined stands for the
   * record's own key.
   */
  readonly by: readonly (string | undefined)[];
  /** Fields with values, in the order in which `observe` wants them. */
  readonly of: readonly string[];
  #late = 0;
  #hurried = 0;
  readonly #windows: readonly Window[];
  readonly #options: Bounds;
  readonly #groups: readonly KeyGroup[];
  readonly #sweeps: readonly Sweep[];
  readonly #sinces: readonly Since[];
  readonly #hasLasts: boolean;
  /** By group and ring: the index of its value. */
  readonly #ringValues: readonly (readonly number[])[];
  readonly #pending: Pending;
  readonly #gathered = new Gathered();
  readonly #slots: Int32Array;
  #latestMs = Number.NEGATIVE_INFINITY;
  #watermarkMs = Number.NEGATIVE_INFINITY;

  constructor(windows: readonly Window[], options: Bounds) {
    this.#windows = windows;
    this.#options = options;
    this.by = [...new Set(windows.map(({ by }) => by))];
    this.of = [...new Set(windows.flatMap(({ of }) => (of === undefined ? [] : [of])))];
    const placed = placedIn(windows);
    const ringValues: number[][] = [];
    const sweeps: Sweep[] = [];
    this.#groups = this.by.map((by, group) => {
      const own = placed.filter(({ window }) => window.by === by);
      const rings: Panes[] = [];
      const values: number[] = [];
      // One ring serves all windows with the same field and pane, and also those that only count.
      for (const [key, sharing] of Map.groupBy(own, ({ window }) => ringKey(window, own))) {
        if (key === NO_RING) continue;
        const value = this.of.indexOf(sharing.find(({ window }) => window.of !== undefined)?.window.of ?? '');
        const ring = ringFor(sharing.map(({ window }) => window));
        rings.push(ring);
        values.push(value);
        for (const [delayMs, ending] of Map.groupBy(sharing, ({ window }) => window.delayMs)) {
          const inOrder = ending.toSorted((left, right) => left.window.panes - right.window.panes);
          sweeps.push({ group, ring, delayMs, value, windows: inOrder });
        }
      }
      ringValues.push(values);
      const idleMs = Math.max(...own.map(({ window }) => ringLength(window) * window.hopMs));
      return new KeyGroup(rings, idleMs, options.keysMax, LastValues.of(own, this.of));
    });
    this.#sweeps = sweeps;
    this.#hasLasts = this.#groups.some(({ lasts }) => lasts !== null);
    this.#sinces = placed.flatMap(({ window, column }) =>
      window.function === 'timeSinceLast' ? [{ window, column, group: this.by.indexOf(window.by) }] : [],
    );
    this.#ringValues = ringValues;
    const respects = this.of.map((of): Respects => {
      const functions = windows.flatMap((window) => (window.of === of ? [window.function] : []));
      return { moments: functions.includes('variance'), distinct: functions.includes('distinct') };
    });
    this.#pending = new Pending(this.by.length, respects, options.graceMs);
    this.#slots = new Int32Array(this.by.length);
  }

  /** A record that is older than the latest record by more than this is in no window. */
  get reachMs(): number {
    return this.#options.graceMs + Math.max(...this.#groups.map(({ idleMs }) => idleMs));
  }

  /** The latest time of the records taken, or -Infinity if there was none. */
  get latestMs(): number {
    return this.#latestMs;
  }

  get counts(): WindowCounts {
    const forgotten = this.#groups.reduce((sum, group) => sum + group.forgotten, 0);
    return { ...NO_WINDOWS, late: this.#late, forgotten, hurried: this.#hurried };
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    return this.#groups.reduce((sum, { bytes }) => sum + bytes, this.#pending.bytes);
  }

  /** Keys known now, over all fields with keys. */
  get keys(): number {
    return this.#groups.reduce((sum, { keys }) => sum + keys.size, 0);
  }

  /**
   * Writes or reads the whole state. A state that is read into has the same windows and options,
   * and was not used before.
   */
  saveOrRestore(archive: Archive): void {
    const numbers = archive.numbers([this.#late, this.#hurried, this.#latestMs, this.#watermarkMs]);
    [this.#late, this.#hurried, this.#latestMs, this.#watermarkMs] = numbers as Four;
    for (const group of this.#groups) group.saveOrRestore(archive);
    this.#pending.saveOrRestore(archive);
  }

  /**
   * Takes one record, and writes the values of each window, unscaled, into `out`. `hashes` holds
   * two 32-bit hashes for each entry of `by`. `values` holds a number for each entry of `of`, and
   * `valueHashes` a hash of each number.
   */
  observe(
    timeMs: number,
    hashes: Uint32Array,
    values: Float64Array,
    valueHashes: Uint32Array,
    out: Float64Array,
  ): void {
    if (timeMs < this.#watermarkMs) {
      this.#late++;
      this.#groups.forEach(({ keys }, group) => {
        this.#slots[group] = keys.find(hashes[2 * group] as number, hashes[2 * group + 1] as number);
      });
      this.#read(timeMs, true, values, valueHashes, out);
      return;
    }
    this.#latestMs = Math.max(this.#latestMs, timeMs);
    this.#advance(this.#latestMs - this.#options.graceMs);
    this.#groups.forEach((keys, group) => {
      this.#slots[group] = keys.slotFor(
        hashes[2 * group] as number,
        hashes[2 * group + 1] as number,
        this.#watermarkMs,
        (slot) => this.#pending.listOf(group).has(slot),
      );
    });
    // The waiting records that are not later must be seen before this record is put among them.
    this.#read(timeMs, false, values, valueHashes, out);
    this.#pending.add(timeMs, this.#slots, values, valueHashes);
    if (this.#pending.size > this.#options.pendingMax) {
      this.#hurried++;
      this.#advance(this.#pending.earliestMs);
    } else this.#advance(this.#watermarkMs);
  }

  /**
   * Writes what `observe` would write for this record, and stays as it is. The record is observed
   * by a state that has, of all that is here, what the windows of the record can see.
   */
  peek(...[timeMs, hashes, values, valueHashes, out]: Parameters<WindowState['observe']>): void {
    const seen = new WindowState(this.#windows, { ...this.#options, keysMax: 1 });
    seen.#latestMs = this.#latestMs;
    seen.#watermarkMs = this.#watermarkMs;
    const slots = seen.#groups.map((group, index) => {
      const [high, low] = hashes.subarray(2 * index) as unknown as readonly [number, number];
      return group.copyKey(this.#groups[index] as KeyGroup, high, low);
    });
    seen.#pending.copySlots(this.#pending, slots);
    seen.observe(timeMs, hashes, values, valueHashes, out);
  }

  /**
   * Moves the watermark up to that time. Puts the records that it passes into the panes, in the
   * order of time.
   */
  #advance(watermarkMs: number): void {
    this.#watermarkMs = Math.max(this.#watermarkMs, watermarkMs);
    const pending = this.#pending;
    while (pending.size > 0 && pending.earliestMs <= this.#watermarkMs) {
      const entry = pending.takeEarliest();
      const timeMs = pending.timeOf(entry);
      this.#groups.forEach((group, index) => {
        const slot = pending.slotOf(entry, index);
        if (slot === NONE) return;
        const lastMs = group.lastMs(slot);
        group.lasts?.add(slot, timeMs, lastMs, pending, entry);
        group.rings.forEach((ring, ringIndex) => {
          const value = (this.#ringValues[index] as readonly number[])[ringIndex] as number;
          const number = value < 0 ? 0 : pending.valueOf(entry, value);
          ring.add(slot, timeMs, lastMs, number, value < 0 ? 0 : pending.hashOf(entry, value));
        });
        group.passed(slot, timeMs);
      });
    }
  }

  #read(
    timeMs: number,
    isLate: boolean,
    values: Float64Array,
    valueHashes: Uint32Array,
    out: Float64Array,
  ): void {
    for (const { window, column, group } of this.#sinces)
      out[column] = this.#sinceLast(timeMs, group, this.#slots[group] as number, window.empty);
    if (this.#hasLasts) this.#readLasts(timeMs, isLate, values, out);
    for (const sweep of this.#sweeps) {
      const { value, delayMs } = sweep;
      this.#gathered.clear();
      // The record itself is the latest in its windows, unless they end before it.
      if (delayMs === 0) {
        const [number, hash] = value < 0 ? [0, 0] : [values[value] as number, valueHashes[value] as number];
        this.#gathered.addOne(number, hash, sweep.ring.has);
      }
      this.#sweep(sweep, timeMs, isLate, out);
    }
  }

  #readLasts(timeMs: number, isLate: boolean, values: Float64Array, out: Float64Array): void {
    const [pending, watermarkMs] = [this.#pending, this.#watermarkMs];
    this.#groups.forEach((group, index) => {
      const slot = this.#slots[index] as number;
      const [lastMs, list] = [group.lastMs(slot), pending.listOf(index)];
      group.lasts?.read({ timeMs, isLate, watermarkMs, slot, lastMs, pending, list, values, out });
    });
  }

  /**
   * Goes back over the panes. Writes the value of each window when all of its panes are gathered.
   */
  #sweep(
    { group, ring, delayMs, value, windows }: Sweep,
    timeMs: number,
    isLate: boolean,
    out: Float64Array,
  ): void {
    const slot = this.#slots[group] as number;
    const gathered = this.#gathered;
    const own = ring.paneOf(timeMs);
    // With a delay, the last pane is the last one that had ended by then.
    const end = delayMs === 0 ? own : ring.paneOf(timeMs - delayMs) - 1;
    // The pane of a late record may hold records that came after it. Panes that are out of the ring
    // are gone.
    const last = isLate ? Math.min(end, own - 1) : end;
    const kept = ring.paneOf(this.#watermarkMs) - ring.length + 1;
    const latest = slot === NONE ? end : ring.paneOf((this.#groups[group] as KeyGroup).lastMs(slot));
    const list = this.#pending.listOf(group);
    let waiting =
      slot === NONE || isLate ? NONE : list.lastUpTo(slot, Math.min(timeMs, (end + 1) * ring.hopMs));
    // Waiting records of exactly that time are in the next pane.
    while (waiting !== NONE && ring.paneOf(list.timeOf(waiting)) > end) waiting = list.beforeOf(waiting);
    let next = end;
    for (const { window, column } of windows) {
      const first = end - window.panes + 1;
      if (waiting !== NONE)
        waiting = list.gatherBack(slot, waiting, ring.hopMs, first, value, ring.has, gathered);
      if (slot !== NONE) ring.gatherDown(slot, Math.min(next, last, latest), Math.max(first, kept), gathered);
      next = Math.min(next, first - 1);
      out[column] = result(window, gathered);
    }
  }

  /** Seconds since the key's previous record. */
  #sinceLast(timeMs: number, index: number, slot: number, empty: number): number {
    if (slot === NONE) return empty;
    const group = this.#groups[index] as KeyGroup;
    let last = group.lastMs(slot);
    if (last > timeMs || last < this.#watermarkMs - group.idleMs) last = Number.NEGATIVE_INFINITY;
    const list = this.#pending.listOf(index);
    const waiting = list.lastUpTo(slot, timeMs);
    if (waiting !== NONE) last = list.timeOf(waiting);
    return last === Number.NEGATIVE_INFINITY ? empty : (timeMs - last) / 1_000;
  }
}

/** The columns of a window stand behind those of the windows before it. */
function placedIn(windows: readonly Window[]): Placed[] {
  let next = 0;
  return windows.map((window) => {
    const column = next;
    next += columnsIn(window);
    return { window, column };
  });
}
