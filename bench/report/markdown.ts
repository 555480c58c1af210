// A result as Markdown: machine, table, goals, notes. Figures are medians over the rounds, with the
// lowest and highest.

import { median } from '../../src/base/median.ts';
import type { Metric, Result, Run } from '../harness/result.ts';
import { meanings } from './explain.ts';

const GIB = 2 ** 30;

export function markdown(result: Result): string {
  const { scenario, measures, machine, log, goals, notes, runs, metrics, tables = [] } = result;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `# ${scenario}`,
    '',
    `${measures}.`,
    '',
    `- ${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / GIB).toFixed(0)} GiB, ${machine.system}`,
    `- ${log}`,
    `- ${versions.join(', ')}; revision ${machine.revision}`,
    `- \`${result.command}\`, ${result.startedAt}, ${result.seconds.toFixed(0)} s`,
    '',
    row(['case', ...metrics.map(({ name, unit }) => `${name}, ${unit}`)]),
    row(['---', ...metrics.map(() => '---:')]),
    ...runs.map((run) =>
      row([caseName(run), ...metrics.map((metric) => cell(metric, run.figures[metric.name] ?? []))]),
    ),
    '',
    'A figure is the median of its rounds, with the lowest and the highest.',
    '',
    ...meanings(metrics).map((line) => `- ${line}`),
    '',
    ...(goals.length === 0
      ? []
      : [row(['goal', 'wanted', 'measured', '']), row(['---', '---', '---', '---'])]),
    ...goals.map(({ what, wanted, measured, isMet }) =>
      row([what, wanted, measured, isMet ? 'met' : 'NOT MET']),
    ),
    ...(goals.length === 0 ? [] : ['']),
    ...tables.flatMap(({ title, columns, rows }) => [
      `${title}:`,
      '',
      row(columns),
      row(columns.map(() => '---')),
      ...rows.map(row),
      '',
    ]),
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

/** The name of a case, and whether its figures mean anything. */
export const caseName = ({ name, isTooShort }: Run): string =>
  isTooShort === true ? `${name} (too short to measure)` : name;

export const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export const format = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The median of the rounds, and their range when there is one. */
export function cell({ digits }: Metric, rounds: readonly number[]): string {
  if (rounds.length === 0 || rounds.some(Number.isNaN)) return '';
  const shown = format(median(rounds), digits);
  if (rounds.length === 1) return shown;
  return `${shown} (${format(Math.min(...rounds), digits)} to ${format(Math.max(...rounds), digits)})`;
}
