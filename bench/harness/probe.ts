// Loaded into a daemon before anything else (`node --import`), in each of its threads: writes down
// each collection that took long, for the table of what the slowest records waited for. It has no
// timer and costs nothing between collections.

import { openSync, writeSync } from 'node:fs';
import { constants, type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** The file that it appends to, a line of JSON each. */
export const PROBE_FILE = 'SCORELANE_BENCH_PROBE';
const LONG_MS = 1;

export interface Collection {
  readonly thread: string;
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weak callbacks'],
]);

const path = process.env[PROBE_FILE];
if (path !== undefined) {
  const file = openSync(path, 'a');
  const thread = isMainThread ? 'main thread' : 'worker';
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { startTime, duration, detail } = entry as PerformanceEntry & { readonly detail: unknown };
      if (duration < LONG_MS) continue;
      const fromMs = performance.timeOrigin + startTime;
      const kind = KINDS.get((detail as { readonly kind: number }).kind) ?? 'other';
      const line: Collection = { thread, kind, fromMs, untilMs: fromMs + duration };
      writeSync(file, `${JSON.stringify(line)}\n`);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
}
