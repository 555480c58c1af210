// Plots as SVG text, drawn by echarts without a browser.

import { init } from 'echarts';
import type { Plot } from '../harness/result.ts';

const WIDTH = 860;
const HEIGHT = 400;
const CATEGORIES_UPRIGHT = 4;

/** Room on the axis grows with the nines: 90 is at 1, 99 at 2, 99.9 at 3. */
const nines = (percentile: number): number => -Math.log10(1 - percentile / 100);

function xAxis({ kind, x, series }: Plot): object {
  const name = { name: x, nameLocation: 'middle', nameGap: 30 };
  if (kind === 'line') return { type: 'value', min: 'dataMin', max: 'dataMax', ...name };
  if (kind === 'logarithmic') return { type: 'log', ...name };
  if (kind === 'percentile') {
    const formatter = (value: number): string => `${Number((100 * (1 - 10 ** -value)).toFixed(4))}%`;
    return { type: 'value', min: 0, axisLabel: { formatter }, ...name };
  }
  const count = series[0]?.points.length ?? 0;
  const rotated = count > CATEGORIES_UPRIGHT ? { rotate: 25, width: 150, overflow: 'break' } : {};
  return { type: 'category', axisLabel: { interval: 0, fontSize: 11, ...rotated }, ...name };
}

export function svg(plot: Plot): string {
  const { title, y, kind, series } = plot;
  const isBar = kind === 'bars' || kind === 'stacked';
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { top: 26, show: series.length > 1 },
    grid: { left: 70, right: 40, top: 64, bottom: isBar ? 90 : 56 },
    xAxis: xAxis(plot),
    yAxis: { type: kind === 'logarithmic' || kind === 'percentile' ? 'log' : 'value', name: y },
    series: series.map(({ name, points }) => ({
      name,
      type: isBar ? 'bar' : 'line',
      ...(kind === 'stacked' ? { stack: 'all' } : {}),
      showSymbol: points.length < 30,
      data: points.map(([at, value]) => [
        kind === 'percentile' ? nines(at as number) : at,
        plot.kind === 'percentile' || plot.kind === 'logarithmic' ? Math.max(value, 0.001) : value,
      ]),
    })),
  });
  const text = chart.renderToSVGString();
  chart.dispose();
  return text;
}
