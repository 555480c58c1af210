// What model.yaml may say about windows: aggregates of the same key's earlier records, in event
// time.

import { z } from 'zod';
import { amountIn, DURATIONS } from '../written/quantity.ts';
import { TIME_UNITS, type TimeUnit } from './time-unit.ts';

const DAY_MS = 86_400_000;

/** A century: a time minus such a length is still exact to the millisecond. */
const LENGTH_MS_MAX = 36_525 * DAY_MS;

/** A length of time, by the same rule as all durations. In milliseconds. */
const length = (least: number) =>
  z.union([z.literal(0), z.string()], { error: A_LENGTH }).transform((said, context): number => {
    const ms = amountIn(DURATIONS, String(said));
    if (ms >= least && ms <= LENGTH_MS_MAX) return ms;
    context.addIssue({ code: 'custom', message: `${A_LENGTH}, found ${JSON.stringify(said)}` });
    return z.NEVER;
  });

const A_LENGTH = 'expected a length of time with its unit, such as 30s, 15m, 1h or 30d, at most 36525d';

export const WINDOW_FUNCTIONS = [
  'count',
  'rate',
  'sum',
  'mean',
  'variance',
  'min',
  'max',
  'distinct',
  'timeSinceLast',
  'last',
] as const;
export type WindowFunction = (typeof WINDOW_FUNCTIONS)[number];

/** The functions that read a field. */
const OF_A_FIELD: ReadonlySet<WindowFunction> = new Set([
  'sum',
  'mean',
  'variance',
  'min',
  'max',
  'distinct',
  'last',
]);
/** Panes of a sliding window if `hop` is not given. */
const SLIDING_PANES = 60;
const PANES_MAX = 4_096;
/**
 * The most panes that are kept for each key: from the beginning of a window to the record, with the
 * delay.
 */
const RING_MAX = 65_536;
const DISTINCT_BOUND = 16;
const LAST_MAX = 4_096;
/** How far back `last` looks unless told otherwise. */
const LAST_SIZE_MS = 30 * DAY_MS;

/** The key and the field of a window. */
export interface Window {
  readonly function: WindowFunction;
  /** The field with the key. The record's own key is used if it is missing. */
  readonly by?: string | undefined;
  readonly of?: string | undefined;
  readonly sizeMs: number;
  /** Length of a pane. */
  readonly hopMs: number;
  /** Panes in the window. */
  readonly panes: number;
  /**
   * Records of the last `delayMs` before the record are left out. With 0 the record itself is
   * included.
   */
  readonly delayMs: number;
  /** The value of an empty window, and of a first record. */
  readonly empty: number;
  /** How many distinct values one pane counts at most. */
  readonly bound: number;
  /** How many values `last` gives. Undefined for all other functions, which give one. */
  readonly count?: number | undefined;
  /** For `last`: all fields, if a list of them was given, of which `of` is the first. */
  readonly fields?: readonly string[] | undefined;
}

const said = z.strictObject({
  function: z.enum(WINDOW_FUNCTIONS),
  by: z.string().min(1).optional(),
  of: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  kind: z.enum(['tumbling', 'hopping', 'sliding']).optional(),
  size: length(1).optional(),
  hop: length(1).optional(),
  delay: length(0).optional(),
  empty: z.number().default(0),
  bound: z.int().positive().max(1_024).optional(),
  count: z.int().positive().max(LAST_MAX).optional(),
});

export const windowSchema = said.transform((given, context): Window => {
  const complain = (message: string): void => context.addIssue({ code: 'custom', message });
  if (given.function === 'last') return lastValues(given, complain);
  const { kind = 'sliding', hop, delay: delayMs = 0, by, of, empty, bound = DISTINCT_BOUND } = given;
  if (given.size === undefined)
    context.addIssue({ code: 'custom', path: ['size'], message: `${A_LENGTH}, found nothing` });
  const { size: sizeMs = DAY_MS } = given;
  if (given.count !== undefined)
    complain(`expected no count, as ${given.function} gives one value, found one`);
  if (Array.isArray(of)) {
    complain(`expected one field as "of" for ${given.function}, found a list`);
    return z.NEVER;
  }
  if (OF_A_FIELD.has(given.function) !== (of !== undefined))
    complain(
      of === undefined
        ? `expected "of", a field, for ${given.function}, found none`
        : `expected no "of", as ${given.function} looks at no field, found "${of}"`,
    );
  if (kind === 'tumbling' && hop !== undefined)
    complain('expected no hop, as the window is tumbling, found one');
  if (kind === 'hopping' && hop === undefined)
    complain('expected a hop, as the window is hopping, found none');
  const hopMs = kind === 'tumbling' ? sizeMs : (hop ?? Math.max(1, Math.round(sizeMs / SLIDING_PANES)));
  const panes = sizeMs / hopMs;
  if (hop !== undefined && !Number.isInteger(panes))
    complain(`expected a hop that divides the size, found ${hopMs} and ${sizeMs} ms`);
  if (panes > PANES_MAX) complain(`expected at most ${PANES_MAX} panes, found ${panes}`);
  if (panes + delayMs / hopMs > RING_MAX)
    complain(
      `expected at most ${RING_MAX} panes in the size and the delay, found ${panes + delayMs / hopMs}`,
    );
  return { function: given.function, by, of, sizeMs, hopMs, panes: Math.ceil(panes), delayMs, empty, bound };
});

/** `last` counts values and needs no panes. */
function lastValues(given: z.infer<typeof said>, complain: (message: string) => void): Window {
  const { by, of, empty, size: sizeMs = LAST_SIZE_MS, count } = given;
  const other = (['kind', 'hop', 'delay', 'bound'] as const).find((key) => given[key] !== undefined);
  if (other !== undefined) complain(`expected no ${other}, as last counts values, found one`);
  if (of === undefined) complain('expected "of", a field or a list of fields, for last, found none');
  if (count === undefined) complain('expected "count", how many values, for last, found none');
  const fields = typeof of === 'object' ? of : undefined;
  if (fields !== undefined && new Set(fields).size < fields.length)
    complain('expected each field of "of" once, found one twice');
  const hopMs = Math.max(1, Math.round(sizeMs / SLIDING_PANES));
  const panes = Math.ceil(sizeMs / hopMs);
  const field = fields === undefined ? (of as string | undefined) : fields[0];
  return {
    function: 'last',
    by,
    of: field,
    sizeMs,
    hopMs,
    panes,
    delayMs: 0,
    empty,
    bound: 1,
    count: count ?? 1,
    fields,
  };
}

/** Limits of the state of a model's windows, and how time passes in it. */
export interface StateOptions {
  /** The field with the event time. The record's timestamp is used if it is missing. */
  readonly time?: string | undefined;
  readonly unit: TimeUnit;
  /** How far a record's time may be from its timestamp, before or after. Undefined: no limit. */
  readonly driftMs: number | undefined;
  /** How far a record's time may be after the clock of this machine. Undefined: no limit. */
  readonly aheadMs: number | undefined;
  /** Records that come late by at most this are still put where they belong. */
  readonly graceMs: number;
  /** The most keys of one partition, for each field with keys. */
  readonly keysMax: number;
  /** The most records of one partition that may wait within the grace. */
  readonly pendingMax: number;
  /** Whether all records of a key are trusted to be in one partition, or each record is checked. */
  readonly partitioning: 'checked' | 'trusted';
}

const UNBOUNDED = 'unbounded';
/**
 * A clock in the wrong time zone is off by less than this. And no record makes others late for
 * longer than this.
 */
const AHEAD_MS = DAY_MS;

export const stateSchema = z
  .strictObject({
    time: z.string().min(1).optional(),
    unit: z.enum(TIME_UNITS).default('ms'),
    drift: length(0).optional(),
    ahead: z.union([z.literal(UNBOUNDED), length(0)]).default(AHEAD_MS),
    grace: length(0).optional(),
    keys: z.int().positive().default(1_000_000),
    pending: z.int().positive().default(1_000_000),
    partitioning: z.enum(['checked', 'trusted']).default('checked'),
  })
  .transform(
    ({ time, unit, drift, ahead, grace, keys, pending, partitioning }): StateOptions => ({
      time,
      unit,
      driftMs: time === undefined ? 0 : drift,
      aheadMs: ahead === UNBOUNDED ? undefined : ahead,
      graceMs: grace ?? 0,
      keysMax: keys,
      pendingMax: pending,
      partitioning,
    }),
  );
