// The versions of the chosen job's model, and what an administrator may order of them. The token is
// asked for, kept in memory only, and sent to this daemon alone.

import { OrderDialog } from './order.js';
import { byId, make, plural, write } from './text.js';

/** @typedef {import('../src/page/told.ts').JobSnapshot} JobSnapshot */
/** @typedef {import('../src/page/told.ts').ShownVersions} ShownVersions */

const STATES = /** @type {const} */ ({
  serving: ['serves', 'good'],
  loaded: ['is loaded', 'quiet'],
  loading: ['is tried and loaded', 'quiet'],
  building: ['builds up its windows', 'quiet'],
  refused: ['was refused', 'bad'],
  available: ['is in the repository', 'quiet'],
  remote: ['is on the server of models', 'quiet'],
  fetching: ['is downloaded', 'quiet'],
});

export class Versions {
  #dialog = new OrderDialog((done) => {
    write(byId('versions-done'), `${done.charAt(0).toUpperCase()}${done.slice(1)}.`);
    void this.#askWhy();
  });
  #job = '';
  /** By version, why it cannot serve: as whoever has the token is told. */
  #why = new Map();
  /** Of which job and versions that is. */
  #whyOf = '';
  #states = '';

  constructor() {
    byId('rollback').addEventListener('click', () =>
      this.#order('rollback', {}, 'Roll back', 'Takes the last promotion back.'),
    );
    byId('unpin').addEventListener('click', () =>
      this.#order('pin', { off: true }, 'Pin none', 'Labels and model.version decide again.'),
    );
  }

  /** @param {JobSnapshot | undefined} job */
  show(job) {
    const told = job?.running?.versions;
    const [list, more] = [byId('versions'), byId('versions-more')];
    if (job?.name !== this.#job) write(byId('versions-done'), '');
    this.#job = job?.name ?? '';
    list.hidden = told === undefined;
    byId('rollback').hidden = told === undefined;
    byId('unpin').hidden = told?.labels.pinned === undefined;
    more.hidden = (told?.others ?? 0) === 0;
    if (told === undefined) {
      write(byId('versions-words'), 'None yet: the job has not begun.');
      return;
    }
    write(byId('versions-words'), wordsOf(told));
    write(more, `${plural(told.others, 'version')} more in the repository.`);
    const names = JSON.stringify(told.versions.map(({ version }) => version));
    if (list.dataset.names !== names) {
      list.dataset.names = names;
      list.replaceChildren(...told.versions.map(({ version }) => this.#item(version)));
    }
    this.#states = JSON.stringify([this.#job, told.versions.map(({ quality, ...rest }) => rest)]);
    if (this.#states !== this.#whyOf) void this.#askWhy();
    told.versions.forEach(({ version, state, trial, quality }, index) => {
      const [name, labels, words, why] = /** @type {HTMLElement[]} */ ([
        ...(list.children[index]?.children ?? []),
      ]);
      const [text, tone] = STATES[state];
      write(/** @type {HTMLElement} */ (name), `Version ${version}`);
      write(/** @type {HTMLElement} */ (labels), labelsOf(told, version).join(', '));
      const tried = trial === null ? text : `${text}, ${triedAs(job, version, trial)}`;
      write(/** @type {HTMLElement} */ (words), `${tried}${qualityIn(quality)}`);
      /** @type {HTMLElement} */ (words).dataset.tone = tone;
      /** @type {HTMLElement} */ (why).hidden = state !== 'refused' && !this.#why.has(version);
      write(
        /** @type {HTMLElement} */ (why),
        this.#why.get(version) ?? 'The log says why, and so does this page to whoever has given the token.',
      );
    });
  }

  /** @param {string} version */
  #item(version) {
    const item = make('li');
    const orders = make('p', '', 'orders');
    orders.append(
      this.#button('Promote', version, () =>
        this.#order('promote', { version }, `Promote version ${version}`, 'It becomes stable.'),
      ),
      this.#button('Pin', version, () =>
        this.#order(
          'pin',
          { version },
          `Pin version ${version}`,
          'It serves whatever is added or promoted, unless model.version names another.',
        ),
      ),
    );
    item.append(make('h3'), make('p', '', 'labels'), make('p', '', 'tone'), make('p', '', 'trouble'), orders);
    return item;
  }

  /** @param {string} verb @param {string} version @param {() => void} act */
  #button(verb, version, act) {
    const button = make('button', verb, 'order');
    button.type = 'button';
    button.append(make('span', ` version ${version}`, 'unseen'));
    button.addEventListener('click', act);
    return button;
  }

  /** @param {string} order @param {object} body @param {string} title @param {string} words */
  #order(order, body, title, words) {
    write(byId('versions-done'), '');
    const path = `/admin/models/${encodeURIComponent(this.#job)}/${order}`;
    const all = 'All daemons that read this repository follow.';
    this.#dialog.ask({ path, body, title, words: `${words} ${all}` });
  }

  /** Again when their states change, and when a token was given. */
  async #askWhy() {
    this.#whyOf = this.#states;
    this.#why = new Map();
    const job = this.#job;
    const models = await this.#dialog.models();
    if (job !== this.#job) return;
    for (const { version, why } of models?.find((each) => each.job === job)?.versions ?? [])
      if (why !== null) this.#why.set(version, why);
  }
}

/** @param {JobSnapshot | undefined} job @param {string} version @param {string} trial */
function triedAs(job, version, trial) {
  const seen = job?.running?.trials.find((each) => each.kind === trial && each.version === version);
  if (seen === undefined) return `tried as ${trial}`;
  const { records, failures, shift, otherwise } = seen;
  const parts = [`tried as ${trial} on ${plural(records, 'record')}`];
  if (failures > 0) parts.push(`${plural(failures, 'failure')}`);
  if (otherwise !== null) parts.push(`decides otherwise on ${(100 * otherwise).toFixed(2)} %`);
  if (shift !== null) parts.push(`scores differ by a PSI of ${shift.toFixed(3)}`);
  return parts.join(', ');
}

/** @param {ShownVersions['versions'][number]['quality']} quality */
function qualityIn(quality) {
  if (quality === undefined) return '';
  const { areaUnderRoc, labelled } = quality;
  const figure = areaUnderRoc === null ? 'not known yet' : areaUnderRoc.toFixed(3);
  return `; AUC ${figure}, by ${plural(labelled, 'label')}`;
}

/** @param {ShownVersions} told @param {string} version */
const labelsOf = ({ labels }, version) => Object.keys(labels).filter((label) => labels[label] === version);

/** @param {ShownVersions} told */
function wordsOf({ policy, serving, wanted, why }) {
  const asked = `model.version is ${policy}.`;
  if (wanted === serving) return `${asked} Version ${serving} serves: ${why || 'it is named'}.`;
  const shall = wanted === null ? 'No other can serve' : `Version ${wanted} shall serve`;
  return `${asked} Version ${serving} goes on to serve. ${shall}: ${why}.`;
}
