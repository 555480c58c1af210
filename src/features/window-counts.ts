// Counts of the cases in which a state cannot keep its rules.

import { type Counts, zero } from '../base/counts.ts';

export const WINDOW_COUNTS = {
  late: 'records behind the watermark: scored, and in no window of another',
  forgotten:
    'keys that were forgotten while they still had something in a window, for lack of room (`windows.keys`)',
  hurried:
    'records that went into their panes before the watermark, because too many were waiting (`windows.pending`)',
  ahead: 'records that were refused because they were dated too far ahead of the clock',
} as const;

export type WindowCounts = Counts<typeof WINDOW_COUNTS>;

export const NO_WINDOWS: WindowCounts = zero(WINDOW_COUNTS);
