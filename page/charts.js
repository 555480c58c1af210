// A chart over the last ten minutes, drawn as SVG once a second.

import { KEPT_MS } from './history.js';
import { drawn, lasting, make, write } from './text.js';

/** @typedef {import('./history.js').Point} Point */
/** @typedef {{ name: Exclude<keyof Point, 'atMs'>, label: string, style: string, filled?: boolean }} Series */

const LEFT = 46;
const BOTTOM = 22;
const TOP = 8;
/** A longer time without a point is a gap. */
const GAP_MS = 4_000;
/** The time that is shown grows with what is kept. */
const SPANS_MS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((minutes) => minutes * 60_000);

/** A round number above the value, in steps that are easy to read. @param {number} value */
export function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}

export class Chart {
  #plot;
  #series;
  #format;
  #svg = drawn('svg', { role: 'img' });
  #rules = drawn('g');
  /** @type {Map<string, { line: Element, area: Element | null, value: HTMLElement }>} */
  #drawn = new Map();

  /** @param {HTMLElement} figure @param {readonly Series[]} series @param {(value: number | null) => string} format */
  constructor(figure, series, format) {
    const [plot, legend] = [figure.querySelector('[data-plot]'), figure.querySelector('[data-legend]')];
    if (!(plot instanceof HTMLElement) || legend === null) throw new Error('a chart has no place');
    this.#plot = plot;
    this.#series = series;
    this.#format = format;
    this.#svg.append(this.#rules);
    for (const { name, label, style, filled } of series) {
      const area = filled === true ? drawn('path', { class: 'area' }) : null;
      const line = drawn('path', { class: `line ${style}` });
      if (area !== null) this.#svg.append(area);
      this.#svg.append(line);
      const key = drawn('svg', { width: 22, height: 8, 'aria-hidden': 'true' });
      key.append(drawn('path', { d: 'M1 4H21', class: `line ${style}` }));
      const value = make('b', '–');
      const entry = make('span');
      entry.append(key, `${label} `, value);
      legend.append(entry);
      this.#drawn.set(name, { line, area, value });
    }
    plot.append(this.#svg);
  }

  /** @param {readonly Point[]} points @param {number} nowMs @param {string} title */
  show(points, nowMs, title) {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    if (width === 0) return;
    let highest = 0;
    for (const point of points)
      for (const { name } of this.#series) highest = Math.max(highest, point[name] ?? 0);
    const top = niceTop(highest);
    const age = nowMs - (points[0]?.atMs ?? nowMs);
    const spanMs = SPANS_MS.find((each) => each >= age) ?? KEPT_MS;
    const x = (/** @type {number} */ atMs) => LEFT + (1 - (nowMs - atMs) / spanMs) * (width - LEFT);
    const y = (/** @type {number} */ value) => TOP + (1 - value / top) * (height - TOP - BOTTOM);
    this.#rule(width, height, top, y, spanMs);
    const told = [];
    for (const { name, label } of this.#series) {
      const { line, area, value } = /** @type {any} */ (this.#drawn.get(name));
      const pieces = piecesOf(points, name);
      const paths = pieces.map((piece) =>
        piece.map(([atMs, each]) => `${x(atMs).toFixed(1)} ${y(each).toFixed(1)}`),
      );
      line.setAttribute('d', paths.map((path) => `M${path.join('L')}`).join(''));
      area?.setAttribute(
        'd',
        paths
          .map((path, index) => {
            const piece = /** @type {[number, number][]} */ (pieces[index]);
            const [first, last] = [piece[0]?.[0] ?? 0, piece.at(-1)?.[0] ?? 0];
            return `M${x(first).toFixed(1)} ${y(0)}L${path.join('L')}L${x(last).toFixed(1)} ${y(0)}Z`;
          })
          .join(''),
      );
      const now = this.#format(points.at(-1)?.[name] ?? null);
      write(value, now);
      told.push(`${label} ${now}`);
    }
    this.#svg.setAttribute('aria-label', `${title}: ${told.join(', ')}. The table below has every minute.`);
  }

  /** @param {number} width @param {number} height @param {number} top @param {(value: number) => number} y @param {number} spanMs */
  #rule(width, height, top, y, spanMs) {
    const rules = [0, top / 2, top].flatMap((value) => {
      const text = drawn('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' });
      text.textContent = this.#format(value);
      return [drawn('path', { class: 'rule', d: `M${LEFT} ${y(value)}H${width}` }), text];
    });
    const times = [
      [`${lasting(spanMs)} ago`, LEFT, 'start'],
      [lasting(spanMs / 2), LEFT + (width - LEFT) / 2, 'middle'],
      ['now', width, 'end'],
    ];
    const labels = times.map(([label, place, anchor]) => {
      const text = drawn('text', {
        x: /** @type {number} */ (place),
        y: height - 4,
        'text-anchor': /** @type {string} */ (anchor),
      });
      text.textContent = String(label);
      return text;
    });
    this.#rules.replaceChildren(...rules, ...labels);
  }
}

/** The stretches without a gap. @param {readonly Point[]} points @param {Series['name']} name */
function piecesOf(points, name) {
  /** @type {[number, number][][]} */
  const pieces = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    const value = point[name];
    if (value === null) continue;
    if (point.atMs - lastMs > GAP_MS) pieces.push([]);
    pieces.at(-1)?.push([point.atMs, value]);
    lastMs = point.atMs;
  }
  return pieces;
}
