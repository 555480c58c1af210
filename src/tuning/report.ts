// What a search has found, for people: a table of what was tried, and what follows from it.

import { grouped } from '../base/grouped.ts';
import { amountInWords, DURATIONS } from '../written/quantity.ts';
import type { RunFigures } from './figures.ts';
import type { SearchResult, Setting, Tried } from './search.ts';
import { keepsTarget, ms } from './verdict.ts';

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

/** What follows, in lines; the target is in milliseconds. */
export function conclusionOf({ changes, untried, final, tried }: SearchResult, targetMs: number): string[] {
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
  const last = figuresAtEnd({ changes, final, tried });
  if (last !== null && !keepsTarget(last, targetMs))
    lines.push(
      `the target is not kept: p99 ${ms(last.p99Ms)}, wanted ${targetMs} ms; a lower --rate, a higher target, or more instances`,
    );
  if (untried.length > 0) lines.push(`not tried, for lack of time (--seconds): ${untried.join(', ')}`);
  return lines;
}

/** Of the settings that are written; null if nothing was run. */
function figuresAtEnd({
  changes,
  final,
  tried,
}: Pick<SearchResult, 'changes' | 'final' | 'tried'>): RunFigures | null {
  if (final !== null) return final.verdict.isBetter ? final.after : final.before;
  const taken = changes.at(-1);
  const isWritten = ({ key, value, isNow }: Tried): boolean =>
    taken === undefined ? isNow : key === taken.key && value === taken.to;
  return tried.findLast(isWritten)?.figures ?? null;
}

/** Where other programs take so much of the cores that runs say little; null where they do not. */
export function busyInWords(load: number, cores: number): string | null {
  if (load <= cores * BUSY_SHARE) return null;
  return `the machine was busy before (load ${load.toFixed(1)} on ${cores} cores): run it again when it is quiet`;
}

const BUSY_SHARE = 0.5;

/** As it is written in a file. */
export const settingAsWritten = (key: string, value: Setting): Setting =>
  DURATION_KEYS.has(key) && typeof value === 'number' ? amountInWords(DURATIONS, value) : value;

const settingInWords = (key: string, value: Setting): string => String(settingAsWritten(key, value));

const DURATION_KEYS: ReadonlySet<string> = new Set(['microBatch.linger', 'latency.target']);
