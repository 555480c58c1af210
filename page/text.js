// Numbers and times in words, and the few helpers that write them into the page. Text is only ever
// set as text.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compactest = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** @param {number} value */
export const count = (value) => whole.format(value);

/** Short enough for a small place: 12.3K. @param {number} value */
export const short = (value) => (value < 1_000 ? whole.format(value) : compact.format(value));

/** Shorter still: 12K. @param {number} value */
export const tiny = (value) => (value < 1_000 ? whole.format(value) : compactest.format(value));

/** A rate. Null: it is not known yet. @param {number | null | undefined} value */
export function rate(value) {
  if (value === null || value === undefined) return '–';
  if (value > 0 && value < 10) return value.toFixed(1);
  return value < 100_000 ? whole.format(value) : compact.format(value);
}

/** Milliseconds, with as many digits as say something. @param {number | null | undefined} value */
export function ms(value) {
  if (value === null || value === undefined) return '–';
  if (value < 10) return value.toFixed(2);
  return value < 100 ? value.toFixed(1) : whole.format(value);
}

/** With its unit, as short as it goes. @param {number | null | undefined} value */
export function time(value) {
  if (value === null || value === undefined) return '–';
  const [number, unit] = value < 1_000 ? [value, 'ms'] : [value / 1_000, 's'];
  return `${number < 10 ? Number(number.toFixed(2)) : number < 100 ? Number(number.toFixed(1)) : whole.format(number)} ${unit}`;
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes < 10 && unit > 0 ? bytes.toFixed(1) : whole.format(bytes)} ${units[unit]}`;
}

/** In its two largest units. @param {number} durationMs */
export function lasting(durationMs) {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value !== 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value !== 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}

/** @param {number} number @param {string} one @param {string} [many] */
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Writes only what has changed. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A new element with its text.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} [text] @param {string} [className]
 */
export function make(tag, text = '', className = '') {
  const element = document.createElement(tag);
  if (text !== '') element.textContent = text;
  if (className !== '') element.className = className;
  return element;
}

/** @param {string} tag @param {Readonly<Record<string, string | number>>} [attributes] */
export function drawn(tag, attributes = {}) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * Fills a list of terms; where the terms are the same as before only texts change.
 * @param {HTMLElement} list @param {readonly (readonly [string, string])[]} facts
 */
export function writeFacts(list, facts) {
  if (list.children.length !== facts.length)
    list.replaceChildren(
      ...facts.map(() => {
        const fact = make('div');
        fact.append(make('dt'), make('dd'));
        return fact;
      }),
    );
  facts.forEach(([term, value], index) => {
    const [dt, dd] = list.children[index]?.children ?? [];
    write(/** @type {Element} */ (dt), term);
    write(/** @type {Element} */ (dd), value);
  });
}
