// From a sketch to the bars of a plot, of equal width.

import type { Sketch } from '../statistics/sketch.ts';

export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const BARS = 50;

/** From the smallest to the largest of all values; null where there are none, or infinite ones. */
export function boundsOf(sketches: readonly Sketch[]): { readonly from: number; readonly to: number } | null {
  const [from, to] = [
    Math.min(...sketches.map(({ min }) => min)),
    Math.max(...sketches.map(({ max }) => max)),
  ];
  return Number.isFinite(to - from) ? { from, to } : null;
}

/**
 * All values lie between the bounds. A bucket of the sketch that lies across bars is divided among
 * them by its width, so that a count may be a fraction.
 */
export function barsOf(sketch: Sketch, bounds: ReturnType<typeof boundsOf>, bars: number = BARS): Bar[] {
  if (bounds === null) return [];
  const { from, to } = bounds;
  if (from === to) return [{ from, to, count: sketch.count }];
  const width = (to - from) / bars;
  const counts = new Array<number>(bars).fill(0);
  const barOf = (value: number): number =>
    Math.min(bars - 1, Math.max(0, Math.floor((value - from) / width)));
  for (const bucket of sketch.buckets()) {
    const [start, end] = [Math.max(from, bucket.from), Math.min(to, bucket.to)];
    const first = barOf(start);
    const last = bucket.isPoint || end <= start ? first : barOf(end);
    for (let bar = first; bar <= last; bar++) {
      const left = Math.max(start, from + bar * width);
      const right = bar === last ? end : from + (bar + 1) * width;
      const share = first === last ? 1 : Math.max(0, right - left) / (end - start);
      counts[bar] = (counts[bar] as number) + bucket.count * share;
    }
  }
  return counts.map((count, bar) => ({ from: from + bar * width, to: from + (bar + 1) * width, count }));
}
