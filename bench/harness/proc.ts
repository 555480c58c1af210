// What the system says of a process from outside, so that every scorer is measured in the same way.
// Linux only: elsewhere nothing is known.

import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second of the times in /proc: 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;
/** Of the fields after the name, counted from 0. */
const [USER, SYSTEM] = [11, 12];

/** CPU time of all threads of a process since its start; NaN when it is not known. */
export function cpuMicrosOf(pid: number | null): number {
  if (pid === null) return Number.NaN;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER]) + Number(fields[SYSTEM])) * MICROS_PER_TICK;
  } catch {
    return Number.NaN;
  }
}

export interface ThreadTimes {
  /** What the thread calls itself. */
  readonly name: string;
  readonly ranMs: number;
  /** For how long it could have run and had no core. */
  readonly waitedMs: number;
}

/** The threads of a process by their id; none when they are not known. */
export function threadTimesOf(pid: number): ReadonlyMap<string, ThreadTimes> {
  const threads = new Map<string, ThreadTimes>();
  const folder = `/proc/${pid}/task`;
  try {
    for (const thread of readdirSync(folder)) {
      const [ran, waited] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
      const name = readFileSync(`${folder}/${thread}/comm`, 'utf8').trim();
      threads.set(thread, { name, ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 });
    }
  } catch {
    // A thread, or the process, ended while it was looked at: what was read is right.
  }
  return threads;
}
