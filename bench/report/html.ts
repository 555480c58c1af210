// A result as one HTML page that needs nothing else: the Markdown's content and the plots, drawn.

import type { Result } from '../harness/result.ts';
import { configTexts, meanings } from './explain.ts';
import { caseName, cell } from './markdown.ts';
import { svg } from './svg.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
td,th{border:1px solid #ccc;padding:.3em .6em;text-align:right}td:first-child,th:first-child{text-align:left}
.bad{color:#b00;font-weight:bold}pre{background:#f4f4f4;padding:1em;overflow:auto}svg{max-width:100%;height:auto}`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const cells = (tag: 'td' | 'th', texts: readonly string[]): string =>
  `<tr>${texts.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join('')}</tr>`;

export function html(result: Result): string {
  const { scenario, measures, machine, log, metrics, runs, goals, notes, plots, tables = [] } = result;
  const about = [
    `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.system}`,
    log,
    `${Object.entries(machine.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}; revision ${machine.revision}`,
    `${result.command}, ${result.startedAt}`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>scorelane bench: ${escaped(scenario)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(scenario)}</h1><p>${escaped(measures)}.</p>
<ul>${about.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>
<table>${cells('th', ['case', ...metrics.map(({ name, unit }) => `${name}, ${unit}`)])}
${runs.map((run) => cells('td', [caseName(run), ...metrics.map((metric) => cell(metric, run.figures[metric.name] ?? []))])).join('\n')}
</table>
<p>A figure is the median of its rounds, with the lowest and the highest.</p>
<ul>${meanings(metrics)
    .map((line) => `<li>${escaped(line)}</li>`)
    .join('')}</ul>
${goals.length === 0 ? '' : `<table>${cells('th', ['goal', 'wanted', 'measured', ''])}`}
${goals
  .map(
    ({ what, wanted, measured, isMet }) =>
      `<tr><td>${escaped(what)}</td><td>${escaped(wanted)}</td><td>${escaped(measured)}</td>` +
      `<td${isMet ? '>met' : ' class="bad">not met'}</td></tr>`,
  )
  .join('\n')}${goals.length === 0 ? '' : '</table>'}
${tables
  .map(
    ({ title, columns, rows }) =>
      `<h2>${escaped(title)}</h2><table>${cells('th', columns)}${rows.map((each) => cells('td', each)).join('\n')}</table>`,
  )
  .join('\n')}
<ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join('')}</ul>
${plots.map((plot) => `<figure>${svg(plot)}</figure>`).join('\n')}
<h2>Configuration</h2>
${configTexts(result.configs)
  .map(({ name, text }, index) => {
    const title = index === 0 ? name : `${name}: what differs from the first`;
    return `<h3>${escaped(title)}</h3><pre>${escaped(text)}</pre>`;
  })
  .join('\n')}
</body></html>
`;
}
