// Dead letters by their code, each with the place of the last one.

import { byId, count, lasting, make, rate, write } from './text.js';

/** @param {readonly import('../src/page/told.ts').LettersOfCode[]} letters */
export function showLetters(letters) {
  const list = byId('letters');
  list.hidden = letters.length === 0;
  byId('letters-none').hidden = letters.length > 0;
  const codes = letters.map(({ code }) => code).join(' ');
  if (list.dataset.codes !== codes) {
    list.dataset.codes = codes;
    list.replaceChildren(
      ...letters.map(() => {
        const item = make('li', '', 'card');
        item.append(make('h3'), make('p', '', 'count'), make('p', '', 'note'), make('p', '', 'note'));
        return item;
      }),
    );
  }
  letters.forEach(({ code, count: total, perSecond, meaning, last }, index) => {
    const [title, number, why, where] = /** @type {HTMLElement[]} */ ([
      ...(list.children[index]?.children ?? []),
    ]);
    const changed = perSecond !== null && perSecond > 0 ? `, ${rate(perSecond)}/s` : '';
    write(/** @type {HTMLElement} */ (title), code);
    write(/** @type {HTMLElement} */ (number), `${count(total)}${changed}`);
    write(
      /** @type {HTMLElement} */ (why),
      `${meaning.charAt(0).toUpperCase()}${meaning.slice(1).replaceAll('`', '')}.`,
    );
    write(
      /** @type {HTMLElement} */ (where),
      last === null
        ? ''
        : `The last one: ${last.topic}, partition ${last.partition}, offset ${count(last.offset)}, ${lasting(last.ageMs)} ago. ` +
            `To read it: scorelane dlq show --code ${code} --limit 1 --config FILE`,
    );
  });
}
