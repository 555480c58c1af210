// `npm run fuzz -- --cases N [--from M] [--only TARGET]`: N cases over all targets. The cases run
// in a worker thread: the main thread sees one that does not come back, and measures memory. Exit 1
// for a case that breaks what must hold.

import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fuzz, noOutcomes, type Outcomes } from './fuzz.ts';
import { TARGETS } from './targets.ts';

/** A case takes microseconds; a hundred thousand times that is no chance. */
const HANGS_MS = 10_000;
const LOOK_MS = 250;
/**
 * Between these the event loop turns: until then Node keeps the buffers of what did not inflate.
 */
const CHUNK = 500;
/** Resident memory of the whole process; at rest it has a quarter of that. */
const RESIDENT_BYTES_MAX = 1.5 * 2 ** 30;
/**
 * The share of each target. A record batch and a plan with windows take ten times as long as a
 * value.
 */
const SHARES: Readonly<Record<string, number>> = {
  'record batch': 0.1,
  msgpack: 0.3,
  json: 0.3,
  avro: 0.3,
  'msgpack windows': 0.1,
  'json windows': 0.1,
};

function shareOf(name: string): number {
  const share = SHARES[name];
  if (share === undefined) throw new RangeError(`the target ${name} has no share of the cases`);
  return share;
}

interface Work {
  readonly name: string;
  readonly from: number;
  readonly until: number;
  /** The number of the case that runs. */
  readonly at: Float64Array;
}

if (isMainThread) await main();
else {
  const { name, from, until, at } = workerData as Work;
  const outcomes = noOutcomes();
  // Most cases end in an error; its stack would take most of the time. One case alone has it.
  if (until - from > 1) Error.stackTraceLimit = 0;
  for (let start = from; start < until; start += CHUNK) {
    fuzz(name, start, Math.min(until, start + CHUNK), outcomes, (number) => {
      at[0] = number;
    });
    await setImmediate();
  }
  parentPort?.postMessage(outcomes);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '1000000' },
      from: { type: 'string', default: '0' },
      only: { type: 'string' },
    },
  });
  const [cases, from] = [Number(values.cases), Number(values.from)];
  const names = Object.keys(TARGETS).filter((name) => values.only === undefined || name === values.only);
  if (!(cases > 0) || !(from >= 0) || names.length === 0) {
    process.stderr.write(`fuzz: wrong words; the targets are: ${Object.keys(TARGETS).join(', ')}\n`);
    process.exit(64);
  }
  const all = names.reduce((sum, name) => sum + shareOf(name), 0);
  let residentMax = 0;
  for (const name of names) {
    const count = Math.ceil((cases * shareOf(name)) / all);
    const startedMs = performance.now();
    const { outcomes, resident } = await runTarget(name, from, from + count);
    residentMax = Math.max(residentMax, resident);
    const rate = Math.round(count / ((performance.now() - startedMs) / 1000));
    process.stdout.write(
      `${name}: ${count} cases from ${from}, ${rate} a second: ${JSON.stringify(outcomes)}\n`,
    );
  }
  process.stdout.write(
    `no crash, no hang; resident memory at most ${Math.round(residentMax / 2 ** 20)} MiB\n`,
  );
}

/** Rejects when a case fails, hangs or takes too much memory. */
async function runTarget(
  name: string,
  from: number,
  until: number,
): Promise<{ outcomes: Outcomes; resident: number }> {
  const at = new Float64Array(new SharedArrayBuffer(8)).fill(-1);
  const work: Work = { name, from, until, at };
  const worker = new Worker(new URL(import.meta.url), { workerData: work });
  let [seen, sinceMs, resident] = [-1, performance.now(), 0];
  const broken = Promise.withResolvers<never>();
  const timer = setInterval(() => {
    const [current = 0, nowMs] = [at[0], performance.now()];
    if (current !== seen) [seen, sinceMs] = [current, nowMs];
    resident = Math.max(resident, process.memoryUsage.rss());
    if (nowMs - sinceMs > HANGS_MS) broken.reject(new Error(`${name}, case ${current}: does not come back`));
    if (resident > RESIDENT_BYTES_MAX)
      broken.reject(new Error(`${name}, about case ${current}: takes ${resident} bytes of memory`));
  }, LOOK_MS);
  try {
    const done = new Promise<Outcomes>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    return { outcomes: await Promise.race([done, broken.promise]), resident };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}
