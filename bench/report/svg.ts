// Plots as SVG text, drawn by echarts without a browser.

import { init } from 'echarts';
import type { Plot } from '../harness/result.ts';

const WIDTH = 860;
const HEIGHT = 400;
/** More bars than that lie, so that their names can be read. */
const STANDING_MAX = 4;
const BAR_HEIGHT = 30;
const NAME_WIDTH = 300;

/** Room on the axis grows with the nines: 90 is at 1, 99 at 2, 99.9 at 3. */
const nines = (percentile: number): number => -Math.log10(1 - percentile / 100);
/** The percentiles that people speak of. */
const TICKS = [50, 90, 99, 99.9, 99.99, 99.999];
/** Ours among the peers'. The others are grey. */
const [OURS, THEIRS] = ['#1f6feb', '#b8bfc8'];

function xAxis({ kind, x }: Plot): object {
  const name = { name: x, nameLocation: 'middle', nameGap: 30 };
  if (kind === 'line') return { type: 'value', min: 'dataMin', max: 'dataMax', ...name };
  if (kind === 'logarithmic') return { type: 'log', ...name };
  const formatter = (value: number): string => `p${Number((100 * (1 - 10 ** -value)).toFixed(3))}`;
  const customValues = TICKS.map(nines);
  return {
    type: 'value',
    min: 0,
    axisLabel: { formatter, customValues },
    axisTick: { customValues },
    splitLine: { show: false },
    ...name,
  };
}

/** Both axes of lines. */
const lineAxes = (plot: Plot): object => ({
  grid: { left: 70, right: 40, top: 76, bottom: 56 },
  xAxis: xAxis(plot),
  yAxis: { type: plot.kind === 'line' ? 'value' : 'log', name: plot.y },
});

/** Both axes of bars: standing for a few, lying for more. */
function barAxes({ x, y }: Plot, isLying: boolean): object {
  const names = {
    type: 'category',
    axisLabel: { interval: 0, fontSize: 11 },
    name: x,
    nameLocation: 'middle',
  };
  const values = { type: 'value', name: y };
  if (!isLying)
    return {
      grid: { left: 70, right: 40, top: 76, bottom: 56 },
      xAxis: { ...names, nameGap: 30 },
      yAxis: values,
    };
  return {
    grid: { left: NAME_WIDTH, right: 70, top: 76, bottom: 40 },
    xAxis: values,
    yAxis: { ...names, inverse: true, nameGap: NAME_WIDTH - 20 },
  };
}

export function svg(plot: Plot): string {
  const { title, kind, series, ours } = plot;
  const isBar = kind === 'bars' || kind === 'stacked';
  const isLogarithmic = kind === 'percentile' || kind === 'logarithmic';
  const count = series[0]?.points.length ?? 0;
  const isLying = isBar && count > STANDING_MAX;
  const height = isLying ? 116 + BAR_HEIGHT * count : HEIGHT;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', top: 6, textStyle: { fontSize: 15 } },
    legend: { top: 34, show: series.length > 1 },
    ...(isBar ? barAxes(plot, isLying) : lineAxes(plot)),
    series: series.map(({ name, points }) => ({
      name,
      type: isBar ? 'bar' : 'line',
      ...(kind === 'stacked' ? { stack: 'all' } : {}),
      showSymbol: points.length < 30,
      data: points.map(([at, value]) => {
        const x = kind === 'percentile' ? nines(at as number) : at;
        const y = isLogarithmic ? Math.max(value, 0.001) : value;
        const place = isLying ? [y, x] : [x, y];
        if (ours === undefined) return place;
        return { value: place, itemStyle: { color: ours.includes(String(at)) ? OURS : THEIRS } };
      }),
    })),
  });
  const text = chart.renderToSVGString();
  chart.dispose();
  return text;
}
