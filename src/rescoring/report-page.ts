// The report as a page that needs nothing else: no script, no request, light and dark.

import { grouped } from '../base/grouped.ts';
import { histogramPlot } from './plot.ts';
import type { DifferenceReport, LabelledFigures, ReplayReport, VersionReport } from './report.ts';
import {
  atLeast,
  escaped,
  inDigits,
  legibleId,
  nameOfVersion,
  percentOf,
  withError,
} from './report-words.ts';

const STYLE = `
:root { color-scheme: light dark;
  --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --one: #0b6bcb; --other: #c2570c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa6b5; --line: #333c48; --paper: #14181e; --one: #62a8f5; --other: #f0a05a; }
}
body { margin: 0 auto; padding: 1.5rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft, caption { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; margin: 1rem 0; }
dl div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
dt { color: var(--soft); font-size: .85rem; } dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .25rem; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
svg { width: 100%; height: auto; } .grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 11px; }
.one { fill: var(--one); fill-opacity: .3; stroke: var(--one); stroke-width: 1.5; }
.other { fill: var(--other); fill-opacity: .2; stroke: var(--other); stroke-width: 1.5; }
.key::before { content: ""; display: inline-block; width: .8em; height: .8em; margin: 0 .4em 0 0; border-radius: .2em;
  background: var(--one); }
.key.b::before { background: var(--other); } .key { margin-right: 1.25rem; }`;

/** Nothing may be loaded, and nothing may run. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

type Cells = readonly string[];

const table = (caption: string, heads: Cells, rows: readonly Cells[]): string => {
  const row = (cells: Cells, tag: 'th' | 'td'): string =>
    `<tr>${cells
      .map((cell, column) =>
        tag === 'th' || column === 0
          ? `<th scope="${tag === 'th' ? 'col' : 'row'}">${escaped(cell)}</th>`
          : `<td>${escaped(cell)}</td>`,
      )
      .join('')}</tr>`;
  return (
    `<div class="wide"><table><caption>${escaped(caption)}</caption><thead>${row(heads, 'th')}</thead>` +
    `<tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`
  );
};

const facts = (pairs: readonly (readonly [string, string])[]): string =>
  `<dl>${pairs.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>`;

/** A column for each version, and for the difference of both. */
function spreads({ score, candidate, baseline, comparison, percentileError }: ReplayReport): string {
  const columns = [
    [nameOfVersion(candidate), candidate.scores] as const,
    ...(baseline === null ? [] : [[nameOfVersion(baseline), baseline.scores] as const]),
    ...(comparison === null ? [] : [['difference', comparison.difference] as const]),
  ];
  const row = (name: string, of: (spread: VersionReport['scores']) => number | null): Cells => [
    name,
    ...columns.map(([, spread]) => inDigits(of(spread))),
  ];
  const rows = [
    row('mean', ({ mean }) => mean),
    row('min', ({ min }) => min),
    ...Object.keys(candidate.scores.percentiles).map((name) =>
      row(name, ({ percentiles }) => percentiles[name] ?? null),
    ),
    row('max', ({ max }) => max),
  ];
  const caption = `${score}; a percentile is known to ${(100 * percentileError).toPrecision(2)} % of it`;
  return table(caption, ['figure', ...columns.map(([name]) => name)], rows);
}

function versions({ candidate, baseline }: ReplayReport): string {
  const all = [candidate, ...(baseline === null ? [] : [baseline])];
  const labelled = (of: (figures: LabelledFigures) => string): Cells =>
    all.map((each) => (each.labelled === null ? '' : of(each.labelled)));
  const letters = ({ deadLetters }: VersionReport): string =>
    Object.entries(deadLetters)
      .map(([code, count]) => `${code} ${grouped(count)}`)
      .join(', ') || 'none';
  const rows: Cells[] = [
    ['backend', ...all.map(({ backend }) => backend)],
    ['scored', ...all.map(({ scored }) => grouped(scored))],
    ['dead letters', ...all.map(letters)],
    ['threshold', ...all.map(({ threshold }) => (threshold === null ? 'none' : inDigits(threshold)))],
    [
      'above it',
      ...all.map(({ decidedFor, scored }) =>
        decidedFor === null ? 'not known' : `${grouped(decidedFor)}${percentOf(decidedFor, scored)}`,
      ),
    ],
  ];
  if (candidate.labelled !== null)
    rows.push(
      ['with the label', ...labelled(({ positives }) => grouped(positives))],
      ['without', ...labelled(({ negatives }) => grouped(negatives))],
      ['AUC', ...labelled(({ auc, aucError }) => withError(auc, aucError))],
      [
        'average precision',
        ...labelled((each) => withError(each.averagePrecision, each.averagePrecisionError)),
      ],
      ['precision', ...labelled((each) => inDigits(each.precision))],
      ['recall', ...labelled((each) => inDigits(each.recall))],
    );
  return table('The versions', ['figure', ...all.map(nameOfVersion)], rows);
}

function differences(report: DifferenceReport): string {
  const { both, equal, flipsUp, flipsDown } = report;
  const flips = flipsUp === null || flipsDown === null ? null : flipsUp + flipsDown;
  return facts([
    ['scored by both', grouped(both)],
    ['equal to the bit', `${grouped(equal)}${percentOf(equal, both)}`],
    [
      'decisions that flip',
      flips === null ? 'no threshold is known' : `${grouped(flips)}${percentOf(flips, both)}`,
    ],
    ['up, down', flips === null ? '' : `${grouped(flipsUp ?? 0)}, ${grouped(flipsDown ?? 0)}`],
    ['mean absolute difference', inDigits(report.meanAbsolute)],
    ['population stability index', inDigits(report.populationStability)],
    ['Kolmogorov-Smirnov', atLeast(report.kolmogorovSmirnov, report.kolmogorovSmirnovError)],
    ['by one of them alone', `${grouped(report.candidateOnly)}, ${grouped(report.baselineOnly)}`],
  ]);
}

const largest = ({ largest: records }: DifferenceReport): string =>
  table(
    'The largest differences',
    ['partition', 'offset', 'id', 'candidate', 'baseline', 'difference'],
    records.map(({ partition, offset, id, candidate, baseline }) => [
      String(partition),
      String(offset),
      legibleId(id),
      inDigits(candidate),
      inDigits(baseline),
      inDigits(candidate - baseline),
    ]),
  );

export function reportPage(report: ReplayReport): string {
  const { topic, from, to, score, candidate, baseline, comparison, records, seconds } = report;
  const title =
    `Replay of ${topic}: ${nameOfVersion(candidate)}` +
    `${baseline === null ? '' : ` against ${nameOfVersion(baseline)}`}`;
  const scores = histogramPlot(`Records by ${score}, on a logarithmic scale`, [
    ...(baseline === null
      ? []
      : [{ name: nameOfVersion(baseline), style: 'other', bars: baseline.histogram }]),
    { name: nameOfVersion(candidate), style: 'one', bars: candidate.histogram },
  ]);
  const labels =
    report.labels === null
      ? []
      : [['records without a label', grouped(report.labels.absent + report.labels.unreadable)] as const];
  const body = [
    `<h1>${escaped(title)}</h1>`,
    `<p class="soft">${escaped(`From ${from} to ${to}`)}</p>`,
    facts([
      ['records', grouped(records)],
      ...(report.skipped > 0 ? [['skipped', grouped(report.skipped)] as const] : []),
      ...(report.gone > 0 ? [['offsets gone from the log', grouped(report.gone)] as const] : []),
      ['seconds', seconds.toFixed(1)],
      ['records/s', grouped(report.recordsPerSecond ?? 0)],
      ...labels,
    ]),
    ...(comparison === null ? [] : ['<h2>What changes</h2>', differences(comparison)]),
    `<h2>${escaped(score)}</h2>`,
    `<p><span class="key">${escaped(nameOfVersion(candidate))}</span>` +
      `${baseline === null ? '' : `<span class="key b">${escaped(nameOfVersion(baseline))}</span>`}` +
      '<span class="soft">records by score, on a logarithmic scale</span></p>',
    scores,
    ...(comparison === null
      ? []
      : [
          '<p class="soft">records by difference, candidate minus baseline, on a logarithmic scale</p>',
          histogramPlot('Records by difference, on a logarithmic scale', [
            { name: 'difference', style: 'one', bars: comparison.histogram },
          ]),
        ]),
    spreads(report),
    '<h2>Versions</h2>',
    versions(report),
    ...(comparison === null || comparison.largest.length === 0
      ? []
      : ['<h2>Look at these</h2>', largest(comparison)]),
  ];
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><style>${STYLE}</style></head>\n` +
    `<body><main>\n${body.join('\n')}\n</main></body></html>\n`
  );
}
