// The way of the records: four stations, and between them dots that move as fast as records do.

import { byId, count, drawn, plural, rate, short, write } from './text.js';

/** @typedef {import('../src/page/told.ts').PageSnapshot} PageSnapshot */
/** @typedef {import('../src/page/told.ts').JobSnapshot} JobSnapshot */
/** @typedef {import('../src/page/told.ts').Rates} Rates */

const SPACING = 16;
/** So many seconds. */
const MEAN_OF = 3;
/** The fastest and the slowest time that a dot takes to the place of the next. */
const SLOWEST_MS = 2_400;
const FASTEST_MS = 300;
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const upright = matchMedia('(max-width: 860px)');

class Pipe {
  #dots;
  /** @type {Animation | null} */
  #motion = null;
  #speed = 0;
  #svg;

  /** @param {HTMLElement} place */
  constructor(place) {
    const id = `dots-${place.dataset.rate}`;
    const pattern = drawn('pattern', { id, width: SPACING, height: SPACING, patternUnits: 'userSpaceOnUse' });
    this.#dots = drawn('circle', { cx: SPACING / 2, cy: SPACING / 2, r: 1.5 });
    pattern.append(this.#dots);
    this.#svg = drawn('svg', {});
    this.#svg.append(pattern, drawn('rect', { width: '100%', height: '100%', fill: `url(#${id})` }));
    place.append(this.#svg);
    for (const query of [calm, upright]) query.addEventListener('change', () => this.#move());
    this.#move();
  }

  #move() {
    this.#motion?.cancel();
    this.#motion = null;
    if (calm.matches) return;
    const way = upright.matches ? `translateY(${SPACING}px)` : `translateX(${SPACING}px)`;
    this.#motion = this.#svg.animate([{ transform: 'none' }, { transform: way }], {
      duration: SLOWEST_MS,
      iterations: Number.POSITIVE_INFINITY,
    });
    this.#pace();
  }

  #pace() {
    if (this.#motion === null) return;
    if (this.#speed === 0) this.#motion.pause();
    else {
      this.#motion.updatePlaybackRate(this.#speed);
      this.#motion.play();
    }
  }

  /** Ten times the records: larger dots, and faster by the same step. @param {number} perSecond */
  show(perSecond) {
    const step = Math.min(1, Math.log10(1 + perSecond) / 6);
    this.#dots.setAttribute('r', (1.5 + 2.5 * step).toFixed(1));
    this.#dots.setAttribute('opacity', perSecond > 0 ? '1' : '0.35');
    const speed = perSecond > 0 ? SLOWEST_MS / (SLOWEST_MS - (SLOWEST_MS - FASTEST_MS) * step) : 0;
    if (Math.abs(speed - this.#speed) < 0.05 && (speed === 0) === (this.#speed === 0)) return;
    this.#speed = speed;
    this.#pace();
  }
}

export class Flow {
  #job = '';
  /** @type {readonly Rates[]} */
  #recent = [];
  #pipes = [...document.querySelectorAll('.pipe')].map((place) => {
    const name = /** @type {'fetched' | 'scored' | 'results'} */ (
      /** @type {HTMLElement} */ (place).dataset.rate
    );
    return { name, pipe: new Pipe(/** @type {HTMLElement} */ (place)) };
  });

  /** Nothing moves while nobody knows. */
  stop() {
    for (const { pipe } of this.#pipes) pipe.show(0);
  }

  /**
   * Records come in batches: the mean of a few seconds can be read.
   * @param {string} name @param {Rates | null} rates @returns {Rates | null}
   */
  #calmer(name, rates) {
    if (name !== this.#job || rates === null) this.#recent = [];
    this.#job = name;
    if (rates === null) return null;
    this.#recent = [...this.#recent, rates].slice(-MEAN_OF);
    const mean = (/** @type {keyof Rates} */ key) =>
      this.#recent.reduce((sum, each) => sum + each[key], 0) / this.#recent.length;
    return {
      fetched: mean('fetched'),
      scored: mean('scored'),
      results: mean('results'),
      deadLetters: mean('deadLetters'),
    };
  }

  /** @param {JobSnapshot | undefined} job @param {PageSnapshot['threads']} threads */
  show(job, threads) {
    const running = job?.running ?? null;
    const rates = this.#calmer(job?.name ?? '', running?.rates ?? null);
    for (const { name, pipe } of this.#pipes) pipe.show(rates?.[name] ?? 0);
    const tell = (/** @type {string} */ id, /** @type {string} */ figure, /** @type {string} */ note) => {
      write(byId(`flow-${id}`), figure);
      write(byId(`flow-${id}-note`), note);
    };
    if (running === null) {
      for (const id of ['in', 'lanes', 'scored', 'out']) tell(id, '–', 'It has not begun yet');
      return;
    }
    const { topics, lag, waiting, fill, laneCount, inFlight, deadLetters } = running;
    tell('in', rate(rates?.fetched), `${topics.input}, lag ${lag === null ? 'not known' : count(lag)}`);
    tell('lanes', short(waiting), `${plural(laneCount, 'lane')}, ${Math.round(fill * 100)}% full`);
    const busy = threads.busy === null ? '–' : threads.busy.toFixed(1);
    const batches = plural(inFlight, 'micro-batch', 'micro-batches');
    tell(
      'scored',
      rate(rates?.scored),
      `${busy} of ${plural(threads.count, 'thread')} busy, ${batches} in flight`,
    );
    const dead = deadLetters.reduce((sum, letters) => sum + letters.count, 0);
    tell('out', rate(rates?.results), `${topics.results}, ${plural(dead, 'dead letter')}`);
  }
}
