// Tells all who look at the page what happens, once a second. While nobody looks it costs nothing.

import type { PageSource, Viewer } from '../http/page.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { StageWatch } from '../telemetry/stages.ts';
import { type Cancel, every } from '../time/timer.ts';
import type { ShownJob } from './shown-job.ts';
import { readingOf, snapshotOf, type TotalsRead } from './snapshot.ts';
import type { PageSnapshot, StageTimes } from './told.ts';

const EVERY_MS = 1_000;
/** A page that so many look at is shown by something else. */
export const VIEWERS_MAX = 32;
/** Who has not taken what it was told for so many times is let go; nothing is kept for it. */
export const MISSED_MAX = 10;

/** What the page shows of them. */
const shortened = (taken: ReturnType<StageWatch['take']>): StageTimes =>
  Object.fromEntries(
    Object.entries(taken).map(([stage, times]) => {
      if (times === null) return [stage, null];
      const { p50, p99, p999 } = times;
      return [stage, { p50, p99, p999 }];
    }),
  ) as unknown as StageTimes;

export class Feed implements PageSource {
  readonly files: PageSource['files'];
  readonly #jobs: () => readonly ShownJob[];
  readonly #version: string;
  readonly #everyMs: number;
  /** How many times in a row each viewer could not be told. */
  readonly #viewers = new Map<Viewer, number>();
  readonly #watches = new Map<Meter, StageWatch>();
  #before: TotalsRead | null = null;
  #last: PageSnapshot | null = null;
  #stop: Cancel | null = null;

  constructor(
    files: PageSource['files'],
    version: string,
    jobs: () => readonly ShownJob[],
    everyMs = EVERY_MS,
  ) {
    this.files = files;
    this.#version = version;
    this.#jobs = jobs;
    this.#everyMs = everyMs;
  }

  join(viewer: Viewer): boolean {
    if (this.#viewers.size >= VIEWERS_MAX) return false;
    this.#viewers.set(viewer, 0);
    if (this.#stop === null) {
      this.#take();
      this.#stop = every(this.#everyMs, () => this.#tell(this.#take()));
    }
    viewer.tell(JSON.stringify(this.#last));
    return true;
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#stop?.();
    this.#stop = null;
    this.#before = null;
    for (const watch of this.#watches.values()) watch.end();
    this.#watches.clear();
  }

  end(): void {
    for (const viewer of [...this.#viewers.keys()]) {
      viewer.end();
      this.leave(viewer);
    }
  }

  #tell(snapshot: PageSnapshot): void {
    const text = JSON.stringify(snapshot);
    for (const [viewer, missed] of [...this.#viewers]) {
      if (viewer.isBehind && missed >= MISSED_MAX) {
        viewer.end();
        this.leave(viewer);
        continue;
      }
      this.#viewers.set(viewer, viewer.isBehind ? missed + 1 : 0);
      if (!viewer.isBehind) viewer.tell(text);
    }
  }

  #take(): PageSnapshot {
    const jobs = this.#jobs();
    const takenAtMs = performance.now();
    const now = readingOf(jobs, takenAtMs);
    const { rss, heapUsed } = process.memoryUsage();
    this.#last = snapshotOf(jobs, this.#before, now, {
      takenAtMs,
      nowMs: Date.now(),
      startedAtMs: Math.round(performance.timeOrigin),
      version: this.#version,
      memory: { residentBytes: rss, heapBytes: heapUsed },
      times: this.#times(jobs),
    });
    this.#before = now;
    return this.#last;
  }

  /** Of each job, since this was last called. Watches those that have begun, and no others. */
  #times(jobs: readonly ShownJob[]): Map<string, StageTimes> {
    const meters = new Map<Meter, string>();
    for (const { name, running } of jobs) if (running !== null) meters.set(running.meter, name);
    for (const [meter, watch] of this.#watches) {
      if (meters.has(meter)) continue;
      watch.end();
      this.#watches.delete(meter);
    }
    const times = new Map<string, StageTimes>();
    for (const [meter, name] of meters) {
      const watch = this.#watches.get(meter);
      if (watch === undefined) this.#watches.set(meter, meter.stages.watch());
      else times.set(name, shortened(watch.take()));
    }
    return times;
  }
}
