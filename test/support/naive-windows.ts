// Windows by a naive implementation that keeps every record for good, and what a state says of the
// same records.

import fc from 'fast-check';
import { type StateOptions, WINDOW_FUNCTIONS, type Window } from '../../src/features/window-spec.ts';
import { WindowState } from '../../src/features/window-state.ts';

const FIELDS = ['x', 'y'];
const BY = ['a', 'b'];
const VALUED = new Set(['sum', 'mean', 'variance', 'min', 'max', 'distinct', 'last']);

export interface Event {
  readonly timeMs: number;
  /** By field of keys. */
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

const window: fc.Arbitrary<Window> = fc
  .record({
    function: fc.constantFrom(...WINDOW_FUNCTIONS),
    by: fc.constantFrom(...BY),
    of: fc.constantFrom(...FIELDS),
    hopMs: fc.constantFrom(10, 25, 100),
    panes: fc.integer({ min: 1, max: 5 }),
    delayMs: fc.constantFrom(0, 0, 30, 120),
    count: fc.integer({ min: 1, max: 7 }),
  })
  .map(({ of, count, delayMs, ...given }) => ({
    ...given,
    ...(given.function === 'last' ? { count, delayMs: 0 } : { delayMs }),
    of: VALUED.has(given.function) ? of : undefined,
    sizeMs: given.panes * given.hopMs,
    empty: -1,
    bound: 1_000,
  }));
export const events: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      step: fc.nat(60),
      back: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(400)),
      keys: fc.tuple(fc.nat(3), fc.nat(2)),
      values: fc.tuple(fc.integer({ min: -50, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((steps) => {
    let nowMs = 1_000;
    return steps.map(({ step, back, keys, values }) => {
      nowMs += step;
      return { timeMs: nowMs - back, keys, values };
    });
  });
export const windows = fc.array(window, { minLength: 1, maxLength: 6 });
export const grace = fc.constantFrom(0, 40, 300);
export const options = (graceMs: number, more: Partial<StateOptions> = {}) => ({
  graceMs,
  keysMax: 100,
  pendingMax: 1_000,
  ...more,
});

/** Hundreds of records within this grace, of one key or two. */
export const BUSY_GRACE_MS = 600;
export const busyEvents: fc.Arbitrary<Event[]> = fc
  .array(
    fc.record({
      step: fc.oneof({ arbitrary: fc.nat(3), weight: 60 }, { arbitrary: fc.constant(700), weight: 1 }),
      back: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(BUSY_GRACE_MS)),
      keys: fc.tuple(fc.nat(1), fc.constant(0)),
      values: fc.tuple(fc.integer({ min: -50, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    }),
    { minLength: 200, maxLength: 400 },
  )
  .map((steps) => {
    let nowMs = 1_000;
    return steps.map(({ step, back, keys, values }) => {
      nowMs += step;
      return { timeMs: nowMs - back, keys, values };
    });
  });

/** How many numbers windows give. */
export const columnsOf = (all: readonly Window[]): number =>
  all.reduce((sum, { count = 1 }) => sum + count, 0);

/** What the state says of every event. */
export function taken(
  state: WindowState,
  count: number,
  given: readonly Event[],
  how: 'observe' | 'peek' = 'observe',
): number[][] {
  return given.map(({ timeMs, keys, values }) => {
    const out = new Float64Array(count);
    const hashes = Uint32Array.from(state.by.flatMap((by) => [7, keys[BY.indexOf(by as string)] as number]));
    const own = Float64Array.from(state.of, (of) => values[FIELDS.indexOf(of)] as number);
    // Values that differ have hashes that differ, here.
    state[how](timeMs, hashes, own, Uint32Array.from(own, hashOf), out);
    return [...out];
  });
}

const seen = new Map<number, number>();
function hashOf(value: number): number {
  const known = seen.get(value) ?? seen.size;
  seen.set(value, known);
  return known;
}

export const ringLength = ({ panes, delayMs, hopMs }: Window): number =>
  panes + Math.ceil(delayMs / hopMs) + 2;

/** The definition: everything is kept, and each window is gathered from all of it. */
function naive(all: readonly Window[], given: readonly Event[], graceMs: number): number[][] {
  const kept: Event[] = [];
  let latestMs = Number.NEGATIVE_INFINITY;
  let watermarkMs = Number.NEGATIVE_INFINITY;
  return given.map((event) => {
    const { timeMs } = event;
    const isLate = timeMs < watermarkMs;
    if (!isLate) {
      latestMs = Math.max(latestMs, timeMs);
      watermarkMs = latestMs - graceMs;
    }
    const found = all.flatMap((each): number | number[] => {
      const group = BY.indexOf(each.by as string);
      const own = kept.filter(({ keys }) => keys[group] === event.keys[group]);
      const beside = all.filter(
        ({ by, hopMs, function: name }) =>
          by === each.by && hopMs === each.hopMs && name !== 'timeSinceLast' && name !== 'last',
      );
      const any = beside.find(({ of }) => of !== undefined)?.of;
      const sharing = beside.filter(({ of }) => (of ?? any) === (each.of ?? any));
      if (each.function === 'timeSinceLast') {
        const idleMs = Math.max(
          ...all.filter(({ by }) => by === each.by).map((w) => ringLength(w) * w.hopMs),
        );
        const last = Math.max(
          ...own.filter((past) => past.timeMs <= (isLate ? watermarkMs : timeMs)).map((past) => past.timeMs),
        );
        const isGone = last > timeMs || last < watermarkMs - idleMs;
        return isGone || last === Number.NEGATIVE_INFINITY ? each.empty : (timeMs - last) / 1_000;
      }
      if (each.function === 'last') {
        const inOrder = own.toSorted((left, right) => left.timeMs - right.timeMs);
        const ring = Math.max(...all.map(({ by, count = 0 }) => (by === each.by ? count : 0)));
        const held = isLate ? inOrder.filter((past) => past.timeMs <= watermarkMs).slice(-ring) : inOrder;
        const afterMs = Math.max(timeMs, watermarkMs) - each.sizeMs;
        const inside = held.filter((past) => past.timeMs <= timeMs && past.timeMs > afterMs);
        const field = FIELDS.indexOf(each.of ?? '');
        const values = [...inside, event]
          .slice(-(each.count ?? 1))
          .map((past) => past.values[field] as number);
        return [...Array((each.count ?? 1) - values.length).fill(each.empty), ...values];
      }
      const paneOf = (ms: number): number => Math.floor(ms / each.hopMs);
      const end = each.delayMs === 0 ? paneOf(timeMs) : paneOf(timeMs - each.delayMs) - 1;
      const last = isLate ? Math.min(end, paneOf(timeMs) - 1) : end;
      const room = paneOf(watermarkMs) - Math.max(...sharing.map(ringLength)) + 1;
      const first = Math.max(end - each.panes + 1, room);
      const inside = own.filter((past) => {
        const pane = paneOf(past.timeMs);
        return past.timeMs <= timeMs && pane >= first && pane <= last;
      });
      const members = each.delayMs === 0 ? [...inside, event] : inside;
      return aggregate(
        each,
        members.map(({ values }) => values[FIELDS.indexOf(each.of ?? '')] ?? 0),
      );
    });
    if (!isLate) kept.push(event);
    return found;
  });
}

function aggregate({ function: name, sizeMs, empty }: Window, values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (name === 'count') return values.length;
  if (name === 'rate') return values.length / (sizeMs / 1_000);
  if (values.length === 0) return empty;
  switch (name) {
    case 'sum':
      return mean * values.length;
    case 'mean':
      return mean;
    case 'variance':
      return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    default:
      return new Set(values).size;
  }
}

const isNear = (left: number, right: number): boolean =>
  Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right));

/** Squares of a million leave rounding errors of about a ten-thousandth. */
const isNearFor = ({ function: name }: Window, left: number, right: number): boolean =>
  isNear(left, right) || (['variance', 'sum', 'mean'].includes(name) && Math.abs(left - right) < 1e-3);

export function holdAgainstNaive(all: readonly Window[], given: readonly Event[], graceMs: number): void {
  const found = taken(new WindowState(all, options(graceMs)), columnsOf(all), given);
  const windowAt = all.flatMap((each) => Array<Window>(each.count ?? 1).fill(each));
  naive(all, given, graceMs).forEach((expected, record) => {
    expected.forEach((value, column) => {
      const own = found[record]?.[column] as number;
      if (!isNearFor(windowAt[column] as Window, own, value))
        throw new Error(`record ${record}, ${JSON.stringify(windowAt[column])}: ${own}, expected ${value}`);
    });
  });
}
