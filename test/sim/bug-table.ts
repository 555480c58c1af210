// Plants every deliberate bug in a process of its own and counts the seeds until it is caught.

import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BUGS, type Bug, SEEDS_MAX } from './bugs.ts';

/** A bug may also make the simulated code run for ever: then the simulator says nothing. */
const TIMEOUT_MS = 300_000;

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The first seed that catches the bug, or null when none did. */
export function seedThatCatches({ name, from = 1 }: Bug): Promise<number | null> {
  const args = [MAIN, '--json', '--bug', name, '--from', String(from), '--seeds', String(SEEDS_MAX)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (error, out, words) => {
      try {
        resolve((JSON.parse(out) as { failedSeed: number | null }).failedSeed);
      } catch {
        if (error?.killed === true) reject(new Error(`the simulator with the bug "${name}" did not end`));
        else reject(new Error(`the simulator with the bug "${name}" printed:\n${out}${words}`));
      }
    });
  });
}

/** Prints the table. True when every bug was caught. */
export async function bugTable(print: (line: string) => void): Promise<boolean> {
  const left = [...BUGS];
  let all = true;
  const work = async (): Promise<void> => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const seed = await seedThatCatches(bug);
      all &&= seed !== null;
      print(
        `${seed === null ? `NOT caught within ${SEEDS_MAX}` : `caught by seed ${seed}`.padEnd(20)}  ${bug.name}`,
      );
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return all;
}
