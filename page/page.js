// The page: hears the daemon once a second, and tells all sections what to show.

import { Chart } from './charts.js';
import { showDrift } from './drift.js';
import { Flow } from './flow.js';
import { byMinute, History } from './history.js';
import { Lanes } from './lanes.js';
import { showLetters } from './letters.js';
import { listen } from './listen.js';
import { byId, count, lasting, make, ms, rate, size, time, write, writeFacts } from './text.js';
import { Versions } from './versions.js';

/** @typedef {import('../src/page/told.ts').PageSnapshot} PageSnapshot */
/** @typedef {import('../src/page/told.ts').JobSnapshot} JobSnapshot */

const STAGES = /** @type {const} */ ([
  ['queue', 'Queue', 'waits for a thread'],
  ['decode', 'Decode', 'bytes to features'],
  ['predict', 'Predict', 'the model'],
  ['encode', 'Encode', 'scores to bytes'],
  ['produce', 'Produce', 'until all replicas have it'],
  ['endToEnd', 'End to end', "from the record's time to its answer"],
]);

const flow = new Flow();
const lanes = new Lanes();
const versions = new Versions();
const history = new History();
const throughput = new Chart(
  byId('chart-rate'),
  [
    { name: 'results', label: 'results/s', style: 'first', filled: true },
    { name: 'dead', label: 'dead letters/s', style: 'third' },
  ],
  (value) => rate(value),
);
const latency = new Chart(
  byId('chart-latency'),
  [
    { name: 'p50', label: 'p50', style: 'first' },
    { name: 'p99', label: 'p99', style: 'second' },
    { name: 'p999', label: 'p99.9', style: 'third' },
  ],
  (value) => time(value),
);
/** @type {string | null} */
let chosen = null;
/** @type {PageSnapshot | null} */
let last = null;
byId('minutes').addEventListener('toggle', () => last !== null && show(last));
addEventListener('resize', () => last !== null && show(last));

/** @param {PageSnapshot} snapshot */
function show(snapshot) {
  const { jobs, version, threads, nowMs } = snapshot;
  const job = jobs.find(({ name }) => name === chosen) ?? jobs[0];
  write(byId('version'), version);
  showState(snapshot);
  showJobs(jobs, job?.name);
  flow.show(job, threads);
  const points = history.of(job?.name ?? '');
  throughput.show(points, nowMs, 'Throughput');
  latency.show(points, nowMs, 'Latency, end to end');
  if (/** @type {HTMLDetailsElement} */ (byId('minutes')).open) showMinutes(points);
  lanes.show(job?.running?.lanes ?? [], job?.running?.laneCount ?? 0);
  showStages(job);
  showServing(snapshot, job);
  versions.show(job);
  showDrift(job?.running?.drift);
  showLetters(job?.running?.deadLetters ?? []);
  const total = job?.running?.rates?.results;
  document.title = total === undefined ? 'scorelane' : `${rate(total)}/s, scorelane`;
}

/** @param {PageSnapshot} snapshot */
function showState({ isReady, jobs, startedAtMs, nowMs }) {
  const unready = jobs.filter(({ reasons }) => reasons.length > 0);
  const up = `Up for ${lasting(nowMs - startedAtMs)}.`;
  if (isReady) {
    write(byId('state'), 'Ready');
    byId('state').dataset.tone = 'good';
    const served = jobs.map(({ running }) => running?.model).filter((model) => model !== undefined);
    const names = new Intl.ListFormat('en').format(served.slice(0, 4));
    const more = served.length > 4 ? ` and ${served.length - 4} more` : '';
    write(byId('state-more'), `It scores with ${names}${more}. ${up}`);
  } else {
    write(byId('state'), 'Not ready');
    byId('state').dataset.tone = 'wait';
    const whose = jobs.length === 1 ? 'It' : `${unready.length} of ${jobs.length} jobs`;
    write(byId('state-more'), `${whose} cannot do all of the work now. ${up}`);
  }
  const list = byId('reasons');
  list.hidden = isReady;
  const reasons = unready.flatMap(({ name, reasons: all }) => all.map((reason) => ({ name, ...reason })));
  const text = JSON.stringify(reasons);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(
    ...reasons.map(({ name, code, message }) => {
      const item = make('li');
      item.append(make('b', jobs.length > 1 ? `${name}, ${code}` : code), `: ${message}`);
      return item;
    }),
  );
}

/** One job needs no choice. @param {readonly JobSnapshot[]} jobs @param {string | undefined} shown */
function showJobs(jobs, shown) {
  byId('jobs-section').hidden = jobs.length < 2;
  if (jobs.length < 2) return;
  const list = byId('jobs');
  const names = jobs.map(({ name }) => name).join('\n');
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren(
      ...jobs.map(({ name }) => {
        const button = make('button', '', 'job');
        button.type = 'button';
        button.append(make('b', name), make('span'), make('span'));
        button.addEventListener('click', () => {
          chosen = name;
          if (last !== null) show(last);
        });
        return button;
      }),
    );
  }
  jobs.forEach(({ name, reasons, running }, index) => {
    const button = /** @type {HTMLElement} */ (list.children[index]);
    button.setAttribute('aria-pressed', String(name === shown));
    const [, state, more] = /** @type {HTMLElement[]} */ ([...button.children]);
    write(
      /** @type {HTMLElement} */ (state),
      reasons.length === 0 ? 'Ready' : `Not ready: ${reasons[0]?.code}`,
    );
    state?.classList.toggle('unready', reasons.length > 0);
    const model =
      running === null ? 'has not begun yet' : `${running.model}, ${rate(running.rates?.results)}/s`;
    write(/** @type {HTMLElement} */ (more), model);
  });
}

/** @param {readonly import('./history.js').Point[]} points */
function showMinutes(points) {
  byId('minute-rows').replaceChildren(
    ...byMinute(points).map(({ atMs, results, dead, p50, p99, p999 }) => {
      const row = make('tr');
      const time = make(
        'th',
        new Date(atMs).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false }),
      );
      time.scope = 'row';
      row.append(
        time,
        ...[rate(results), rate(dead), ms(p50), ms(p99), ms(p999)].map((text) => make('td', text)),
      );
      return row;
    }),
  );
}

/** @param {JobSnapshot | undefined} job */
function showStages(job) {
  const body = byId('stages');
  if (body.children.length === 0)
    body.append(
      ...STAGES.map(([, name, what]) => {
        const row = make('tr');
        const head = make('th', name);
        head.scope = 'row';
        head.append(make('span', what));
        row.append(head, make('td'), make('td'), make('td'));
        return row;
      }),
    );
  STAGES.forEach(([stage], index) => {
    const times = job?.running?.times[stage];
    const cells = [...(body.children[index]?.children ?? [])].slice(1);
    [times?.p50, times?.p99, times?.p999].forEach((value, column) => {
      write(/** @type {Element} */ (cells[column]), ms(value));
    });
  });
}

/** @param {PageSnapshot} snapshot @param {JobSnapshot | undefined} job */
function showServing({ threads, memory, version, startedAtMs }, job) {
  const running = job?.running;
  writeFacts(byId('serving'), [
    ['Job', job?.name ?? '–'],
    ['Model and version', running?.model ?? 'none yet'],
    ['Backend', running?.backend ?? '–'],
    ['Reads', running?.topics.input ?? '–'],
    [
      'Writes',
      running === null || running === undefined
        ? '–'
        : `${running.topics.results}, ${running.topics.deadLetters}`,
    ],
    ['Scored since the start', running === null || running === undefined ? '–' : count(running.scored)],
    ['Worker threads', count(threads.count)],
    ['Tensors', count(threads.tensors)],
    ['Resident memory', size(memory.residentBytes)],
    ['Heap of the main thread', size(memory.heapBytes)],
    [
      'Version',
      `${version}, since ${new Date(startedAtMs).toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short', hour12: false })}`,
    ],
  ]);
}

listen({
  heard(snapshot) {
    history.add(snapshot);
    last = snapshot;
    show(snapshot);
  },
  changed(state) {
    const line = byId('connection');
    const words = { live: 'Live', connecting: 'Connecting', lost: 'Connection lost, trying again' };
    line.dataset.state = state;
    write(line, words[state]);
    byId('main').classList.toggle('stale', state === 'lost');
    if (state !== 'lost') return;
    flow.stop();
    write(byId('state'), 'No word from the daemon');
    byId('state').dataset.tone = 'lost';
    write(
      byId('state-more'),
      last === null
        ? 'It has not answered yet.'
        : `What is shown below is of ${new Date(last.nowMs).toLocaleTimeString('en', { hour12: false })}.`,
    );
    byId('reasons').hidden = true;
  },
});
