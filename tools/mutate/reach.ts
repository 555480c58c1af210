// Which test files run a place of the source. V8 counts this while they run (NODE_V8_COVERAGE).
// Types are replaced by blanks when they are stripped, so each place is the same in the source and
// in the code that ran.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

interface CountedRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface CountedScript {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly CountedRange[] }[];
}

/** By test file: the project's source files that it has loaded, each with its counted ranges. */
export type Reach = ReadonlyMap<string, ReadonlyMap<string, readonly CountedRange[]>>;

/** Reads the reports of one run from a folder. Each process of the run has left one report. */
export function readReach(root: string, folder: string): Reach {
  const reach = new Map<string, Map<string, CountedRange[]>>();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      readonly result: readonly CountedScript[];
    };
    const scripts = result
      .filter(({ url }) => url.startsWith('file:'))
      .map(({ url, functions }) => ({
        file: relative(root, fileURLToPath(url.split('?')[0] as string)),
        functions,
      }));
    for (const { file: test } of scripts.filter(({ file }) => file.endsWith('.test.ts'))) {
      const seen = reach.get(test) ?? new Map<string, CountedRange[]>();
      reach.set(test, seen);
      for (const { file, functions } of scripts) {
        const ranges = functions.flatMap((one) => one.ranges);
        seen.set(file, [...(seen.get(file) ?? []), ...ranges]);
      }
    }
  }
  return reach;
}

/** The test files that run the place of the mutant. */
export const reaching = (reach: Reach, { file, start }: Mutant): string[] =>
  [...reach].filter(([, seen]) => isRun(seen.get(file) ?? [], start)).map(([test]) => test);

/** The smallest range around a place says how often the place ran. */
function isRun(ranges: readonly CountedRange[], place: number): boolean {
  const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= place && place < endOffset);
  const width = ({ startOffset, endOffset }: CountedRange): number => endOffset - startOffset;
  const least = Math.min(...around.map(width));
  return around.some((range) => width(range) === least && range.count > 0);
}
