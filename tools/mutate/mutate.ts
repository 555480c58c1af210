// Tries the tests of a folder: draws mutants of its source, runs the folder's own tests on each,
// and says which ones no test noticed.

import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyTree } from './copy.ts';
import { EQUIVALENT, type Equivalent, fits } from './equivalent.ts';
import { type Mutant, mutantsOf, shuffled, withMutant } from './mutants.ts';
import { type Reach, reaching, readReach } from './reach.ts';
import { runNode, runTests, type Trial, type TrialOptions } from './trial.ts';
import { compilerFor } from './types.ts';

export interface Wanted {
  readonly root: string;
  /** A folder or a file of src/, from the root. */
  readonly source: string;
  readonly mutants: number;
  readonly seed: number;
  readonly concurrency: number;
  /**
   * The tests that may be run, and AVA's configuration for them. All tests below the source's own
   * folder, unless given.
   */
  readonly suite?: Suite;
  /**
   * The arguments with which Node runs on mutants that the tests let pass: another way to notice
   * them.
   */
  readonly afterwards?: readonly string[];
  readonly equivalent?: readonly Equivalent[];
  /** How long a test file may take, by the time that it takes without a mutant. */
  readonly limitMs?: (tookMs: number) => number;
}

export interface Suite {
  readonly config: string;
  readonly files: readonly string[];
}

export interface Tried {
  readonly mutant: Mutant;
  readonly verdict: 'caught' | 'timed out' | 'survived' | 'not reached';
  readonly reason?: string;
}

export interface MutationReport {
  readonly tried: readonly Tried[];
  /** The mistakes in the list of equivalent mutants. */
  readonly wrong: readonly string[];
}

/** Something that may notice a mutant, and the time that it takes without a mutant. */
interface Step {
  readonly run: (options: TrialOptions) => Promise<Trial>;
  readonly tookMs: number;
}

interface TestFile extends Step {
  readonly file: string;
}

/** A busy machine may take longer than without a mutant. */
const limitOf = (tookMs: number): number => 10_000 + 4 * tookMs;

export async function mutate(wanted: Wanted, say: (line: string) => void): Promise<MutationReport> {
  const { root, source, seed, suite } = wanted;
  // Edits from here on are not noticed.
  const copies = Array.from({ length: wanted.concurrency }, () => copyTree(root));
  const [first] = copies as [string];
  const all = await mutantsOf(first, source);
  const equivalent = (wanted.equivalent ?? EQUIVALENT).filter(({ file }) => isBelow(file, source));
  const drawn = draw(first, all, wanted);
  say(`${source}: ${drawn.length} of ${all.length} mutants, drawn with seed ${seed}`);
  const { tests, reach } = await dryRun(first, ownTests(first, source, suite), suite);
  const seconds = tests.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1_000;
  say(`${tests.length} test files, ${seconds.toFixed(1)} s without a mutant`);
  const { afterwards } = wanted;
  const last =
    afterwards === undefined ? [] : [await measured((options) => runNode(afterwards, options), first)];
  const limitMs = wanted.limitMs ?? limitOf;
  const tried: Tried[] = [];
  const left = drawn.values();
  const tryAll = async (copy: string): Promise<void> => {
    for (const mutant of left) {
      const reason = equivalent.find((entry) => fits(entry, mutant))?.reason;
      const own = tests.filter(({ file }) => reaching(reach, mutant).includes(file));
      const failed = await tryOne(copy, mutant, [...own, ...last], limitMs);
      const verdict = failed ?? (own.length === 0 ? 'not reached' : 'survived');
      tried.push(reason === undefined ? { mutant, verdict } : { mutant, verdict, reason });
      if (isCaught(verdict)) continue;
      say(`${reason === undefined ? verdict : `equivalent (${reason})`}: ${describe(mutant)}`);
    }
  };
  await Promise.all(copies.map(tryAll));
  return { tried, wrong: [...faultsOf(equivalent, all), ...caughtAfterAll(tried)] };
}

export const isCaught = (verdict: Tried['verdict']): boolean =>
  verdict === 'caught' || verdict === 'timed out';

export const describe = ({ file, line, column, shown }: Mutant): string =>
  `${file}:${line}:${column}  ${shown}`;

const isBelow = (file: string, source: string): boolean => file === source || file.startsWith(`${source}/`);

/** The wanted number of mutants, of those that compile, in a random order. */
function draw(root: string, all: readonly Mutant[], { mutants, seed }: Wanted): Mutant[] {
  const compiles = compilerFor(root);
  const drawn: Mutant[] = [];
  for (const mutant of shuffled(all, seed)) {
    if (drawn.length === mutants) break;
    if (compiles(mutant)) drawn.push(mutant);
  }
  return drawn;
}

/**
 * The test files of the source's own test folder, or of the next folder above that exists. So
 * src/log/balance.ts is tried by test/log.
 */
export function ownTests(root: string, source: string, suite: Suite | undefined): string[] {
  for (let path = source.replace(/^src/, 'test'); path !== '.'; path = dirname(path)) {
    if (path === 'test' || !existsSync(join(root, path))) continue;
    const files = globSync(`${path}/**/*.test.ts`, { cwd: root }).sort();
    return suite === undefined ? files : files.filter((file) => suite.files.includes(file));
  }
  return [];
}

/** Runs the step once without a mutant. It must pass. */
async function measured(run: Step['run'], cwd: string, env: Record<string, string> = {}): Promise<Step> {
  const { verdict, tookMs, output } = await run({ cwd, limitMs: 30 * 60_000, env });
  if (verdict !== 'passed') throw new Error(`without a mutant it ${verdict}:\n${output}`);
  return { run, tookMs };
}

/** All test files, the quick ones first, and the code that each of them runs. */
async function dryRun(
  root: string,
  files: readonly string[],
  suite: Suite | undefined,
): Promise<{ readonly tests: readonly TestFile[]; readonly reach: Reach }> {
  const tests: TestFile[] = [];
  const counts = mkdtempSync(join(root, 'counts-'));
  for (const file of files) {
    const run: Step['run'] = (options) => runTests([file], suite?.config, options);
    tests.push({ file, ...(await measured(run, root, { NODE_V8_COVERAGE: counts })) });
  }
  const reach = readReach(root, counts);
  rmSync(counts, { recursive: true });
  return { tests: tests.sort((one, other) => one.tookMs - other.tookMs), reach };
}

/** Undefined if no step notices the mutant. */
async function tryOne(
  root: string,
  mutant: Mutant,
  steps: readonly Step[],
  limitMs: (tookMs: number) => number,
): Promise<'caught' | 'timed out' | undefined> {
  const path = join(root, mutant.file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, withMutant(source, mutant));
  try {
    for (const { run, tookMs } of steps) {
      const { verdict } = await run({ cwd: root, limitMs: limitMs(tookMs) });
      if (verdict !== 'passed') return verdict === 'failed' ? 'caught' : verdict;
    }
    return undefined;
  } finally {
    writeFileSync(path, source);
  }
}

function faultsOf(equivalent: readonly Equivalent[], all: readonly Mutant[]): string[] {
  return equivalent.flatMap((entry) => {
    const count = all.filter((mutant) => fits(entry, mutant)).length;
    if (count === 1) return [];
    const fault =
      count === 0 ? 'fits no mutant any more: take it out' : `fits ${count} mutants: name the line`;
    return [`${entry.file}  ${entry.mutant}: ${fault}`];
  });
}

const caughtAfterAll = (tried: readonly Tried[]): string[] =>
  tried
    .filter(({ verdict, reason }) => reason !== undefined && isCaught(verdict))
    .map(({ mutant }) => `${describe(mutant)}: a test catches it, so it is not equivalent`);
