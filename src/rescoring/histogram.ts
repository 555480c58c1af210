// From a sketch to the bars of a plot: of equal width, from the smallest value to the largest.

import type { Sketch } from '../statistics/sketch.ts';

export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const BARS = 40;

/** A bucket of the sketch that lies across bars is divided among them by its width. */
export function barsOf(sketch: Sketch, bars: number = BARS): Bar[] {
  const [from, to] = [sketch.min, sketch.max];
  if (sketch.count === 0 || !Number.isFinite(to - from)) return [];
  if (from === to) return [{ from, to, count: sketch.count }];
  const width = (to - from) / bars;
  const counts = new Array<number>(bars).fill(0);
  const barOf = (value: number): number =>
    Math.min(bars - 1, Math.max(0, Math.floor((value - from) / width)));
  for (const bucket of sketch.buckets()) {
    const [start, end] = [Math.max(from, bucket.from), Math.min(to, bucket.to)];
    const [first, last] = [barOf(start), bucket.isPoint ? barOf(start) : barOf(end)];
    for (let bar = first; bar <= last; bar++) {
      const left = Math.max(start, from + bar * width);
      const right = Math.min(end, from + (bar + 1) * width);
      const share = first === last ? 1 : Math.max(0, right - left) / (end - start);
      counts[bar] = (counts[bar] as number) + bucket.count * share;
    }
  }
  return counts.map((count, bar) => ({ from: from + bar * width, to: from + (bar + 1) * width, count }));
}
