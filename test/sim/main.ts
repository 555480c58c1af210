// `npm run sim -- --seeds N --from S`: plays the seeds one after the other. The first that breaks an invariant is made
// smaller, its trace is printed, and the exit code is 1. `--seed S` plays one and prints its trace. `--for-ever` goes on
// until told to stop.

import { parseArgs } from 'node:util';
import { planOf } from './faults.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    'for-ever': { type: 'boolean', default: false },
    /** One line of JSON at the end, for programs. */
    json: { type: 'boolean', default: false },
  },
});

const from = Number(values.seed ?? values.from);
const until =
  values.seed !== undefined
    ? from + 1
    : values['for-ever']
      ? Number.POSITIVE_INFINITY
      : from + Number(values.seeds);
if (!Number.isSafeInteger(from) || Number.isNaN(until)) {
  process.stderr.write('sim: --seeds, --from and --seed are whole numbers\n');
  process.exit(64);
}

const started = performance.now();
let [records, events, played] = [0, 0, 0];
const rate = (): string => {
  const minutes = (performance.now() - started) / 60_000;
  return `${played} seeds, ${records} records, ${events} events, ${Math.round(played / minutes)} seeds a minute`;
};

let failedSeed: number | undefined;
for (let seed = from; seed < until; seed++) {
  const outcome = await simulate(planOf(seed), { trace: values.seed !== undefined });
  played++;
  records += outcome.records;
  events += outcome.events;
  if (values.seed !== undefined) for (const line of outcome.trace) process.stdout.write(`${line}\n`);
  if (outcome.violations.length > 0) {
    failedSeed = seed;
    if (!values.json) {
      const { plan, outcome: small } = await shrink(planOf(seed));
      for (const line of small.trace) process.stdout.write(`${line}\n`);
      process.stdout.write(
        `seed ${seed} breaks the promise; left of its faults: ${[...plan.faults].join(', ') || 'none'}, until ` +
          `${plan.faultsUntilMs} ms\n${small.violations.slice(0, 10).join('\n')}\n`,
      );
    }
    break;
  }
  if (played % 1_000 === 0 && !values.json) process.stdout.write(`${rate()}: no violation\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify({ played, failedSeed: failedSeed ?? null })}\n`);
else if (failedSeed === undefined) process.stdout.write(`${rate()}: no violation\n`);
else process.stdout.write(`again: npm run sim -- --seed ${failedSeed}\n`);
process.exit(failedSeed === undefined ? 0 : 1);
