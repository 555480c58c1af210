// How the figures of a report are written, at a terminal and in a page.

import { grouped } from '../base/grouped.ts';
import type { Figure } from './report.ts';

/** So many digits that count. */
const DIGITS = 6;
const SHORT_DIGITS = 3;

export const inDigits = (value: Figure): string =>
  value === null ? 'not known' : String(Number(value.toPrecision(DIGITS)));

/** For the axes of a plot. */
export const shortNumber = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) >= 1_000
    ? grouped(value)
    : String(Number(value.toPrecision(SHORT_DIGITS)));

/** With the most that it may be wrong by, where that is not nothing. */
export const withError = (value: Figure, error: Figure): string =>
  `${inDigits(value)}${error === null || error === 0 ? '' : ` ± ${error.toPrecision(2)}`}`;

/** For a value that may be larger, by that much at most. */
export const atLeast = (value: Figure, error: Figure): string =>
  value === null || error === null || error === 0
    ? inDigits(value)
    : `${inDigits(value)} to ${inDigits(value + error)}`;

export const percentOf = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${Number(((100 * part) / whole).toPrecision(4))} %)`;

export const nameOfVersion = ({
  model,
  version,
}: {
  readonly model: string;
  readonly version: string;
}): string => `${model}@${version}`;

const ID_LENGTH_MAX = 64;

/** An id in a table: no longer than it can be, and without what a terminal would obey. */
export function legibleId(id: string | null): string {
  const text = (id ?? '').replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
  return text.length > ID_LENGTH_MAX ? `${text.slice(0, ID_LENGTH_MAX)}…` : text;
}

/** A text in HTML. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
