// Which test files come by a place of the source, from what V8 counts while they run
// (NODE_V8_COVERAGE). Types are blanked when they are stripped, not cut out, so a place in what ran
// is the same place in the source.

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

/** For each test file, what it has loaded of the project: the ranges of each source file. */
export type Reach = ReadonlyMap<string, ReadonlyMap<string, readonly CountedRange[]>>;

/** From the reports of one run in a folder; each process of it has left one. */
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

/** The smallest range around a place says how often it ran. */
function isRun(ranges: readonly CountedRange[], place: number): boolean {
  const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= place && place < endOffset);
  const width = ({ startOffset, endOffset }: CountedRange): number => endOffset - startOffset;
  const least = Math.min(...around.map(width));
  return around.some((range) => width(range) === least && range.count > 0);
}
