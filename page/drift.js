// How the records of now differ from those that the model was trained on.

import { byId, make, plural, write } from './text.js';

/** The usual rule of thumb of credit scoring. */
const SMALL = 0.1;
const LARGE = 0.2;
/** With fewer records chance alone makes a difference. */
const RECORDS_MIN = 1_000;

/** @param {number} psi */
const changeOf = (psi) =>
  psi > LARGE ? ['large', 'bad'] : psi > SMALL ? ['small', 'warn'] : ['none', 'quiet'];

/** @param {import('../src/page/told.ts').ShownDrift | null | undefined} drift */
export function showDrift(drift) {
  byId('drift-section').hidden = !drift;
  if (!drift) return;
  const { records, columns, others } = drift;
  const chance = records < RECORDS_MIN ? ' So few may differ by chance.' : '';
  write(
    byId('drift-words'),
    `${plural(records, 'sampled record')}.${chance} ${others === 0 ? '' : `${plural(others, 'column')} more on /metrics.`}`.trim(),
  );
  const body = byId('drift');
  while (body.children.length > columns.length) body.lastElementChild?.remove();
  while (body.children.length < columns.length) {
    const row = make('tr');
    const head = make('th');
    head.scope = 'row';
    row.append(head, make('td'), make('td'), make('td', '', 'tone'));
    body.append(row);
  }
  columns.forEach(({ kind, column, psi, ks }, index) => {
    const [name, first, second, change] = /** @type {HTMLElement[]} */ ([
      ...(body.children[index]?.children ?? []),
    ]);
    const [text, tone] = changeOf(psi);
    write(/** @type {HTMLElement} */ (name), kind === 'output' ? `${column} (output)` : column);
    write(/** @type {HTMLElement} */ (first), psi.toFixed(3));
    write(/** @type {HTMLElement} */ (second), ks === null ? '–' : ks.toFixed(3));
    write(/** @type {HTMLElement} */ (change), /** @type {string} */ (text));
    /** @type {HTMLElement} */ (change).dataset.tone = tone;
  });
}
