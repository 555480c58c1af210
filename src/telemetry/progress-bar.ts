// A bar for work with a known end: how far it is, how fast, and how long it will take.

import { grouped } from '../base/grouped.ts';
import { type Fitting, fitParts } from './live-line.ts';

export interface Work {
  /** Done so far: rows, or records. */
  readonly done: number;
  /** What they are called. */
  readonly unit: string;
  /** From 0 to 1; null if no end is known. */
  readonly share: number | null;
}

const BAR_COLUMNS = 20;

export class ProgressBar {
  readonly #startedMs: number;
  #beforeMs: number;
  #before = 0;

  constructor(nowMs: number) {
    this.#startedMs = nowMs;
    this.#beforeMs = nowMs;
  }

  /** The rate is that since the last call; the time left goes by the whole time. */
  next({ done, unit, share }: Work, nowMs: number): Fitting {
    const rate = ((done - this.#before) * 1000) / Math.max(1, nowMs - this.#beforeMs);
    this.#before = done;
    this.#beforeMs = nowMs;
    const parts = [
      { text: `${grouped(done)} ${unit}`, rank: 2 },
      { text: `${grouped(rate)} ${unit}/s`, rank: 1 },
    ];
    if (share === null) return (columns) => fitParts(parts, columns);
    const full = Math.floor(Math.min(1, share) * BAR_COLUMNS);
    const leftMs = share === 0 ? null : ((nowMs - this.#startedMs) * (1 - share)) / share;
    const all = [
      { text: `[${'#'.repeat(full).padEnd(BAR_COLUMNS, '.')}]`, rank: 3 },
      { text: `${Math.floor(share * 100)}%`, rank: 0 },
      ...parts,
      ...(leftMs === null ? [] : [{ text: `${timeLeft(leftMs)} left`, rank: 0.5 }]),
    ];
    return (columns) => fitParts(all, columns);
  }
}

/** In the two largest units, or seconds. */
export function timeLeft(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
