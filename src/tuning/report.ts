// What a search has found, for people: a table of what was tried, and what follows from it.

import { grouped } from '../base/grouped.ts';
import { amountInWords, DURATIONS } from '../written/quantity.ts';
import type { RunFigures } from './figures.ts';
import type { SearchResult, Setting, Tried } from './search.ts';
import { ms } from './verdict.ts';

const HEAD = ['key', 'value', 'records/s', 'p50', 'p99', 'CPU us', 'main thread', ''];

/** The table in lines; empty if nothing was tried. */
export function tableOf({ tried, final }: SearchResult): string[] {
  if (tried.length === 0) return [];
  const rows = tried.map((each, index) => rowOf(each, tried[index - 1]?.key !== each.key));
  const ends =
    final === null
      ? []
      : [
          ['all together', 'before', ...cellsOf(final.before), ''],
          ['', 'after', ...cellsOf(final.after), final.verdict.why],
        ];
  const all = [HEAD, ...rows, ...ends];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const isText = column < 2 || column === HEAD.length - 1;
        return isText ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number);
      })
      .join('  ')
      .trimEnd(),
  );
}

function rowOf({ key, value, figures, isNow, why }: Tried, isFirst: boolean): string[] {
  const cells = figures === null ? ['', '', '', '', ''] : cellsOf(figures);
  return [isFirst ? key : '', settingInWords(key, value), ...cells, isNow ? 'as it is' : why];
}

const cellsOf = ({
  recordsPerSecond,
  p50Ms,
  p99Ms,
  cpuMicrosPerRecord,
  mainThreadShare,
}: RunFigures): string[] => [
  grouped(recordsPerSecond),
  ms(p50Ms),
  ms(p99Ms),
  cpuMicrosPerRecord.toFixed(2),
  `${Math.round(mainThreadShare * 100)} %`,
];

/** What follows, in lines. `limits` says it where the main thread is the limit. */
export function conclusionOf({ changes, untried, final, tried }: SearchResult): string[] {
  const lines = changes.map(({ key, from, to, why }) => {
    const [old, now] = [from, to].map((value) => settingInWords(key, value));
    return `${key}: ${old} -> ${now}: ${why}`;
  });
  const changed = new Set(changes.map(({ key }) => key));
  const left = [...new Set(tried.map(({ key }) => key))].filter((key) => !changed.has(key));
  if (final !== null && !final.verdict.isBetter)
    lines.push(`nothing is changed: all changes together against the beginning: ${final.verdict.why}`);
  else if (left.length > 0)
    lines.push(`left as it is, as nothing that was tried is better beyond noise: ${left.join(', ')}`);
  if (untried.length > 0) lines.push(`not tried, for lack of time (--seconds): ${untried.join(', ')}`);
  return lines;
}

/** As it is written in a file. */
export const settingAsWritten = (key: string, value: Setting): Setting =>
  DURATION_KEYS.has(key) && typeof value === 'number' ? amountInWords(DURATIONS, value) : value;

const settingInWords = (key: string, value: Setting): string => String(settingAsWritten(key, value));

const DURATION_KEYS: ReadonlySet<string> = new Set(['microBatch.linger', 'latency.target']);
