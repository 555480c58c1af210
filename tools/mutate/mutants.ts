// The mutants of a folder: small changes to its source, each of which some test should notice.
// StrykerJS says which changes there are. Here they are changes of the text, so the source runs
// unchanged except for one place.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';

export interface Mutant {
  /** The path from the root of the project. */
  readonly file: string;
  /** The line of the first character, counted from 1 as editors do. */
  readonly line: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** `before -> after`, each in one line, and shortened if it is long. */
  readonly shown: string;
  /** The line in which it begins, without the spaces around. */
  readonly lineText: string;
}

/** Texts are mostly messages for people. No test should fix their words. */
const LEFT_OUT = ['StringLiteral'];
/** The replacement of an expression gets brackets, so that it binds as the expression did. */
const STATEMENTS = ['BlockStatement'];
const SHOWN_MAX = 60;

const nothing = (): void => {};
const no = (): boolean => false;
const logger = {
  ...{
    isTraceEnabled: no,
    isDebugEnabled: no,
    isInfoEnabled: no,
    trace: nothing,
    debug: nothing,
    info: nothing,
  },
  ...{ isWarnEnabled: () => true, isErrorEnabled: () => true, isFatalEnabled: () => true },
  ...{ warn: console.error, error: console.error, fatal: console.error },
};

const shorten = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > SHOWN_MAX ? `${line.slice(0, SHOWN_MAX)}…` : line;
};

/** All mutants of the TypeScript files below a folder, one file after the other. */
export async function mutantsOf(root: string, folder: string): Promise<Mutant[]> {
  const files = folder.endsWith('.ts') ? [folder] : globSync(`${folder}/**/*.ts`, { cwd: root }).sort();
  const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const instrumented = await new Instrumenter(logger).instrument(
    [...sources].map(([name, content]) => ({ name, content, mutate: true })),
    { plugins: null, ignorers: [], excludedMutations: LEFT_OUT, noHeader: true },
  );
  const starts = new Map([...sources].map(([file, source]) => [file, lineStarts(source)]));
  // Left-out mutants are in the list, marked as ignored.
  const mutants = instrumented.mutants.filter(({ status }) => status !== 'Ignored');
  return mutants.map(({ fileName, location, replacement = '', mutatorName }) => {
    const source = sources.get(fileName) as string;
    const lines = starts.get(fileName) as number[];
    const start = (lines[location.start.line] as number) + location.start.column;
    const end = (lines[location.end.line] as number) + location.end.column;
    const isCase = /^(case\b|default:)/.test(replacement);
    return {
      file: fileName,
      line: location.start.line + 1,
      column: location.start.column + 1,
      start,
      end,
      replacement: isCase || STATEMENTS.includes(mutatorName) ? replacement : `(${replacement})`,
      shown: `${shorten(source.slice(start, end))} -> ${shorten(replacement)}`,
      lineText: (source.slice(lines[location.start.line]).split('\n', 1)[0] as string).trim(),
    };
  });
}

const lineStarts = (source: string): number[] => [
  0,
  ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1),
];

/** The source with the mutant in it. */
export const withMutant = (source: string, { start, end, replacement }: Mutant): string =>
  source.slice(0, start) + replacement + source.slice(end);

/** In an order that depends on the seed alone. All orders are equally likely. */
export function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const order = [...items];
  let state = seed >>> 0;
  // The generator is mulberry32.
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
  for (let left = order.length; left > 1; left--) {
    const other = below(left);
    [order[left - 1], order[other]] = [order[other] as Item, order[left - 1] as Item];
  }
  return order;
}
