// The tables of docs/operating.md that come from the code. `npm run reference` writes them, and a
// test compares the document with them.

import { ERRORS, EXIT, EXIT_MEANINGS, type Exit } from '../src/base/errors.ts';
import { CODES, REJECTIONS } from '../src/features/rejection.ts';
import { HTTP_REJECTIONS } from '../src/http/rejections.ts';
import { Metrics } from '../src/metrics/metrics.ts';

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** By the name in the comments around the table: its text. */
export const TABLES: Readonly<Record<string, string>> = {
  'exit codes': table(
    ['code', 'name', 'meaning'],
    (Object.keys(EXIT) as Exit[]).map((name) => [EXIT[name], name, EXIT_MEANINGS[name]]),
  ),
  'dead-letter codes': table(
    ['code', 'stage', 'meaning'],
    CODES.map((code) => [`\`${code}\``, ...REJECTIONS[code]]),
  ),
  'error codes': table(
    ['code', 'blames', 'exit code', 'meaning'],
    Object.entries(ERRORS).map(([code, { blames, exit, meaning }]) => [
      `\`${code}\``,
      blames,
      exit === 'internal' ? '' : EXIT[exit],
      meaning,
    ]),
  ),
};

/** docs/metrics.md: each metric of the registry. */
export const METRIC_TABLES: Readonly<Record<string, string>> = {
  metrics: table(
    ['name', 'type', 'labels', 'meaning'],
    new Metrics({
      version: '',
      jobs: () => [],
      partitionSeriesMax: 0,
      spans: () => ({ exported: 0, dropped: 0 }),
      room: { records: 0, bytes: 0 },
      rejections: [],
    }).registry
      .getMetricsAsArray()
      .map((metric) => {
        const { name, help, type, labelNames = [] } = metric as typeof metric & Labelled;
        return [`\`${name}\``, type, labelNames.join(', '), help];
      }),
  ),
  'rejections over HTTP': table(
    ['reason', 'what was refused'],
    Object.entries(HTTP_REJECTIONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
  ),
};

interface Labelled {
  readonly type: string;
  readonly labelNames?: readonly string[];
}

/**
 * The document, with its tables as the code has them. Throws `Error` if it has no place for a
 * table.
 */
export function withTables(document: string, tables = TABLES): string {
  let text = document;
  for (const [name, lines] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name}: npm run reference -->\n`, `\n<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`no place for the table of ${name}`);
    text = text.slice(0, from + begin.length) + lines + text.slice(to);
  }
  return text;
}
