// Runs tests in the copy with a time limit, because a mutant may make an endless loop. All
// processes that they started end with them.

import { spawn } from 'node:child_process';
import { atEnd } from '../at-end.ts';
import { lastWords } from '../last-words.ts';
import { tempFolder } from '../temp-folder.ts';

export type Verdict = 'passed' | 'failed' | 'timed out';

export interface Trial {
  readonly verdict: Verdict;
  readonly tookMs: number;
  readonly output: string;
}

export interface TrialOptions {
  readonly cwd: string;
  readonly limitMs: number;
  readonly env?: Record<string, string>;
}

/** A mutant may also fill the memory. */
const HEAP_MB_MAX = 2048;

const HEAP = `--max-old-space-size=${HEAP_MB_MAX}`;

/**
 * Runs the tests by AVA, up to the first failure. Each file has its own process, with the options
 * of this one. The code that V8 compiled is not kept, because a mutant runs once.
 */
export const runTests = (
  tests: readonly string[],
  config: string | undefined,
  options: TrialOptions,
): Promise<Trial> =>
  runNode(
    [
      'node_modules/.bin/ava',
      ...(config === undefined ? [] : ['--config', config]),
      ...['--no-worker-threads', '--fail-fast', ...tests],
    ],
    { ...options, env: { ...options.env, NODE_DISABLE_COMPILE_CACHE: '1', PROPERTY_RUNS_SHARE: '0.25' } },
  );

/** What killed tests leave goes with this process. */
let temporary: string | undefined;

export function runNode(args: readonly string[], { cwd, limitMs, env }: TrialOptions): Promise<Trial> {
  temporary ??= tempFolder('trials');
  const startedAt = performance.now();
  // A process group of its own, so that all of it can be ended.
  const child = spawn(process.execPath, [HEAP, ...args], {
    cwd,
    env: { ...process.env, TMPDIR: temporary, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = lastWords(child, 20_000);
  const endGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      // ESRCH: all have ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const drop = atEnd(endGroup);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup();
  }, limitMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      drop();
      const verdict = timedOut ? 'timed out' : code === 0 ? 'passed' : 'failed';
      resolve({ verdict, tookMs: performance.now() - startedAt, output: output() });
    });
  });
}
