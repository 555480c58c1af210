// Writes a result into a folder: JSON for `compare`, Markdown, one HTML page, and each plot as SVG.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../harness/result.ts';
import { html } from './html.ts';
import { markdown } from './markdown.ts';
import { svg } from './svg.ts';

export function writeResult(folder: string, result: Result): string[] {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const { scenario } = result;
  return [
    write(`${scenario}.json`, `${JSON.stringify(result, null, 2)}\n`),
    write(`${scenario}.md`, markdown(result)),
    write(`${scenario}.html`, html(result)),
    ...result.plots.map((plot, index) => write(`${scenario}-${index + 1}.svg`, `${svg(plot)}\n`)),
  ];
}
