// The lanes as a grid of cells, one tab stop for all of them, and the chosen one in words.

import { byId, count, make, plural, rate, size, tiny, write, writeFacts } from './text.js';

/** @typedef {import('../src/page/told.ts').ShownLane} ShownLane */
/** @typedef {import('../src/page/told.ts').LaneStatus} LaneStatus */

/** @type {Readonly<Record<LaneStatus, { sign: string, tone: string, words: string }>>} */
const STATUS = {
  running: { sign: '✓', tone: 'good', words: 'keeps up' },
  behind: { sign: '', tone: 'behind', words: 'is behind: more waits for it than it answers in two seconds' },
  settling: { sign: '…', tone: 'wait', words: 'finishes what it has: the group may give it to another' },
  halted: { sign: '■', tone: 'wait', words: 'rests after a failure, and begins again' },
  restoring: { sign: '↻', tone: 'wait', words: 'builds up its windows' },
  held: { sign: '‖', tone: 'wait', words: 'is paused: somebody paused the job' },
  stalled: { sign: '!', tone: 'bad', words: 'shows no sign of life' },
  trouble: { sign: '!', tone: 'bad', words: 'does not advance' },
};

/** What the signs mean; the last is the bar. */
const SIGNS = [
  ['✓', 'keeps up'],
  ['1.2K', 'is behind by so many records'],
  ['!', 'does not advance'],
  ['↻', 'builds up its windows'],
  ['‖ … ■', 'is paused, hands over, rests'],
  ['', 'how full its mailbox is'],
];

/** @type {Readonly<Record<string, { label: string, shows: (lane: ShownLane) => boolean }>>} */
const FILTERS = {
  all: { label: 'All', shows: () => true },
  behind: { label: 'Behind', shows: ({ status }) => status === 'behind' },
  trouble: { label: 'Not well', shows: ({ status }) => !['running', 'behind'].includes(status) },
};

const keyOf = (/** @type {ShownLane} */ { topic, partition }) => `${topic}/${partition}`;

export class Lanes {
  #grid = byId('grid');
  /** @type {Map<string, { cell: HTMLButtonElement, before: HTMLElement, number: HTMLElement, sign: HTMLElement, after: HTMLElement, bar: HTMLElement, fill: number }>} */
  #cells = new Map();
  /** @type {readonly ShownLane[]} */
  #lanes = [];
  #laneCount = 0;
  #filter = 'all';
  /** @type {string | null} */
  #chosen = null;
  /** The cell that the tab key comes to. */
  #stop = '';
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();

  constructor() {
    for (const name of Object.keys(FILTERS)) {
      const button = make('button');
      button.type = 'button';
      button.addEventListener('click', () => {
        this.#filter = name;
        this.#draw();
      });
      this.#buttons.set(name, button);
      byId('filters').append(button);
    }
    byId('signs').append(
      ...SIGNS.map(([sign, meaning]) => {
        const item = make('li');
        item.append(sign === '' ? make('i') : make('b', sign), make('span', meaning));
        return item;
      }),
    );
    this.#grid.addEventListener('keydown', (event) => this.#key(event));
    byId('lane-close').addEventListener('click', () => this.#close());
    this.#draw();
  }

  /** @param {readonly ShownLane[]} lanes @param {number} laneCount */
  show(lanes, laneCount) {
    this.#lanes = lanes;
    this.#laneCount = laneCount;
    this.#draw();
  }

  #draw() {
    for (const [name, button] of this.#buttons) {
      const { label, shows } = /** @type {(typeof FILTERS)[string]} */ (FILTERS[name]);
      write(button, `${label} ${count(this.#lanes.filter(shows).length)}`);
      button.setAttribute('aria-pressed', String(name === this.#filter));
    }
    const filter = /** @type {(typeof FILTERS)[string]} */ (FILTERS[this.#filter]);
    const shown = this.#lanes.filter(filter.shows);
    const keys = shown.map(keyOf);
    const wanted = new Set(keys);
    for (const [key, { cell }] of this.#cells) {
      if (wanted.has(key)) continue;
      cell.remove();
      this.#cells.delete(key);
    }
    if (!wanted.has(this.#stop)) this.#stop = keys[0] ?? '';
    const several = new Set(this.#lanes.map(({ topic }) => topic)).size > 1;
    shown.forEach((lane, index) => {
      const key = /** @type {string} */ (keys[index]);
      const { cell } = this.#update(key, lane, several);
      if (this.#grid.children[index] !== cell)
        this.#grid.insertBefore(cell, this.#grid.children[index] ?? null);
    });
    const note = byId('grid-note');
    note.hidden = shown.length > 0 && this.#laneCount === this.#lanes.length;
    const hidden = this.#laneCount - this.#lanes.length;
    write(
      note,
      shown.length > 0
        ? `${plural(hidden, 'lane')} with less lag are not shown.`
        : this.#lanes.length === 0
          ? 'No partition is assigned.'
          : 'None now.',
    );
    this.#describe();
  }

  /** @param {string} key @param {ShownLane} lane @param {boolean} several */
  #update(key, lane, several) {
    const known = this.#cells.get(key) ?? this.#add(key, lane);
    const { cell, before, number, sign, after, bar } = known;
    const { tone, words } = STATUS[lane.status];
    const text = lane.status === 'behind' ? tiny(lane.unanswered) : STATUS[lane.status].sign;
    write(number, String(lane.partition));
    write(sign, text);
    set(cell, 'data-tone', tone);
    set(cell, 'aria-pressed', String(key === this.#chosen));
    set(cell, 'tabindex', key === this.#stop ? '0' : '-1');
    write(before, several ? `${lane.topic}, partition ` : 'Partition ');
    set(sign, 'aria-hidden', String(lane.status !== 'behind'));
    write(after, lane.status === 'behind' ? ' records behind' : ` ${words.split(':')[0]}`);
    if (known.fill !== lane.fill) {
      known.fill = lane.fill;
      bar.style.transform = `scaleX(${lane.fill})`;
    }
    return known;
  }

  /** @param {string} key @param {ShownLane} lane */
  #add(key, lane) {
    const cell = make('button', '', 'cell');
    cell.type = 'button';
    const [number, sign, bar] = [make('small', String(lane.partition)), make('b'), make('i')];
    // What is not seen says in words what is seen as a sign.
    const [before, after] = [make('span', '', 'unseen'), make('span', '', 'unseen')];
    cell.append(before, number, sign, after, bar);
    cell.addEventListener('click', () => {
      this.#chosen = this.#chosen === key ? null : key;
      this.#stop = key;
      this.#draw();
    });
    cell.addEventListener('focus', () => {
      this.#stop = key;
    });
    const known = { cell, before, number, sign, after, bar, fill: 0 };
    this.#cells.set(key, known);
    return known;
  }

  /** Back to the cell that was chosen. */
  #close() {
    const chosen = this.#cells.get(this.#chosen ?? '');
    this.#chosen = null;
    this.#draw();
    chosen?.cell.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const cells = /** @type {HTMLButtonElement[]} */ ([...this.#grid.children]);
    const from = cells.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    if (from < 0) return;
    const top = cells[0]?.offsetTop;
    const columns = Math.max(1, cells.filter(({ offsetTop }) => offsetTop === top).length);
    /** @type {Readonly<Record<string, number>>} */
    const steps = {
      ArrowRight: from + 1,
      ArrowLeft: from - 1,
      ArrowDown: from + columns,
      ArrowUp: from - columns,
      Home: 0,
      End: cells.length - 1,
    };
    const to = cells[steps[event.key] ?? -1];
    if (event.key === 'Escape') this.#close();
    if (to === undefined) return;
    event.preventDefault();
    to.focus();
    for (const cell of cells) set(cell, 'tabindex', cell === to ? '0' : '-1');
  }

  /** The chosen lane in words and numbers. */
  #describe() {
    const lane = this.#lanes.find((each) => keyOf(each) === this.#chosen);
    const [facts, trouble] = [byId('lane-facts'), byId('lane-trouble')];
    byId('lane').classList.toggle('chosen', lane !== undefined);
    facts.hidden = lane === undefined;
    byId('lane-close').hidden = lane === undefined;
    trouble.hidden = (lane?.trouble ?? null) === null;
    if (lane === undefined) {
      write(byId('lane-title'), 'No lane is chosen');
      write(byId('lane-words'), 'Choose one to see where it stands.');
      return;
    }
    write(byId('lane-title'), `${lane.topic}, partition ${lane.partition}`);
    const paused = lane.isPaused && lane.status !== 'held' ? ' It holds enough now, and is not fetched.' : '';
    write(byId('lane-words'), `It ${STATUS[lane.status].words}.${paused}`);
    if (lane.trouble !== null) {
      const { code, message, attempts } = lane.trouble;
      write(trouble, `${code}: ${message} (tried ${plural(attempts, 'time')})`);
    }
    writeFacts(facts, [
      ['Lag, not committed', count(lane.lag)],
      ['Without an answer', count(lane.unanswered)],
      ['Answered a second', rate(lane.rate)],
      ['In the mailbox', `${count(lane.waiting)} records, ${size(lane.waitingBytes)}`],
      ['Of its memory', `${Math.round(lane.fill * 100)}%`],
      ['In flight', plural(lane.inFlight, 'micro-batch', 'micro-batches')],
      ['Committed offset', count(lane.committed)],
      ['Next to fetch', count(lane.position)],
      ['End of the log', count(lane.end)],
      ['Epoch', count(lane.epoch)],
    ]);
  }
}

/** @param {Element} element @param {string} name @param {string} value */
function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
