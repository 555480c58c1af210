// Loaded before a daemon (`node --import`), also into its worker threads: the worker module looks
// before each task whether the file POISON_FILE is there, takes it away and does what it says. The
// daemon itself knows nothing of it.

import { registerHooks } from 'node:module';

/** What a thread can be made to do. */
export const POISONS = ['exit', 'throw', 'exhaust', 'loop'] as const;
export type Poison = (typeof POISONS)[number];
export const POISON_FILE = 'TORTURE_POISON';

const WORKER = new URL('../../src/worker/main.ts', import.meta.url).href;
const SIGNATURE =
  'export default function answer(request: WorkerRequest): WorkerResponse | Promise<WorkerResponse> {';

const TAKE = `
  takePoison();`;
const DEED = `
import { readFileSync as readPoison, renameSync as claimPoison } from 'node:fs';
import { threadId as ownThread } from 'node:worker_threads';

function takePoison(): void {
  const file = process.env.${POISON_FILE} as string;
  const claimed = file + '.' + process.pid + '.' + ownThread;
  try {
    claimPoison(file, claimed);
  } catch {
    return;
  }
  const poison = readPoison(claimed, 'utf8');
  const hoard: unknown[] = [];
  if (poison === 'exit') process.exit(3);
  if (poison === 'throw') throw new Error('thrown by a worker thread');
  while (poison === 'exhaust') hoard.push(Array.from({ length: 1_000 }, Math.random));
  while (poison === 'loop') hoard.length = 0;
}
`;

if (process.env[POISON_FILE] !== undefined) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== WORKER) return loaded;
      const source = String(loaded.source);
      if (!source.includes(SIGNATURE)) throw new Error(`the worker has no ${SIGNATURE}`);
      return { ...loaded, source: source.replace(SIGNATURE, () => SIGNATURE + TAKE) + DEED };
    },
  });
}
