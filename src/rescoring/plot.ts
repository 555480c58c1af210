// Histograms as SVG: bars on a logarithmic scale, as most scores are near each other and the rare
// ones matter. Colours come from the page, for light and dark.

import type { Bar } from './histogram.ts';
import { escaped, shortNumber } from './report-words.ts';

export interface Series {
  readonly name: string;
  /** A class of the page. */
  readonly style: string;
  readonly bars: readonly Bar[];
}

const [WIDTH, HEIGHT] = [720, 260];
const EDGE = { left: 64, right: 12, top: 12, bottom: 34 };
const X_TICKS = 6;

/** `what`: the title that a screen reader reads. Empty where there is nothing to draw. */
export function histogramPlot(what: string, series: readonly Series[]): string {
  const drawn = series.filter(({ bars }) => bars.length > 0);
  const all = drawn.flatMap(({ bars }) => bars);
  const most = Math.max(0, ...all.map(({ count }) => count));
  if (most === 0) return '';
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(most, 1.001))));
  const [from, to] = [Math.min(...all.map((bar) => bar.from)), Math.max(...all.map((bar) => bar.to))];
  const width = WIDTH - EDGE.left - EDGE.right;
  const height = HEIGHT - EDGE.top - EDGE.bottom;
  const xOf = (value: number): number =>
    EDGE.left + (from === to ? width / 2 : ((value - from) / (to - from)) * width);
  // One record is drawn a little above the axis, a fraction of one below it.
  const yOf = (count: number): number =>
    EDGE.top + height * (1 - Math.max(0, (Math.log10(count) + 0.3) / (decades + 0.3)));
  const floor = EDGE.top + height;
  const lines = Array.from({ length: decades + 1 }, (_, power) => {
    const y = fixed(yOf(10 ** power));
    return (
      `<line class="grid" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${y}" y2="${y}"/>` +
      `<text class="tick" x="${EDGE.left - 8}" y="${y}" dy="0.32em" text-anchor="end">${shortNumber(10 ** power)}</text>`
    );
  });
  const ticks = Array.from({ length: from === to ? 1 : X_TICKS }, (_, index) => {
    const value = from === to ? from : from + ((to - from) * index) / (X_TICKS - 1);
    const anchor = index === 0 ? 'start' : index === X_TICKS - 1 ? 'end' : 'middle';
    return `<text class="tick" x="${fixed(xOf(value))}" y="${HEIGHT - 12}" text-anchor="${anchor}">${shortNumber(value)}</text>`;
  });
  const shapes = drawn.map(({ style, bars }) => {
    const steps = bars.map((bar) => {
      const [left, right] = from === to ? [xOf(from) - 20, xOf(from) + 20] : [xOf(bar.from), xOf(bar.to)];
      const y = bar.count > 0 ? yOf(bar.count) : floor;
      return `L${fixed(left)} ${fixed(y)}L${fixed(right)} ${fixed(y)}`;
    });
    const [first, last] = [bars[0] as Bar, bars.at(-1) as Bar];
    const [start, end] = from === to ? [xOf(from) - 20, xOf(from) + 20] : [xOf(first.from), xOf(last.to)];
    return `<path class="${style}" d="M${fixed(start)} ${fixed(floor)}${steps.join('')}L${fixed(end)} ${fixed(floor)}Z"/>`;
  });
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(what)}">` +
    `${lines.join('')}${ticks.join('')}${shapes.join('')}</svg>`
  );
}

const fixed = (value: number): string => String(Number(value.toFixed(1)));
