// `npm run sim -- --seeds N --from S`: plays the seeds one after the other. The first that breaks
// an invariant is made smaller, its trace is printed, and the exit code is 1. `--seed S` plays one
// and prints its trace. `--for-ever` goes on until told to stop. `--bugs` plants each deliberate
// bug in turn and says with which seed it was caught; `--bug NAME` plants one. `--replay FILE`
// steps through the dump of a daemon's state.

import { parseArgs } from 'node:util';
import { bugTable } from './bug-table.ts';
import { BUGS } from './bugs.ts';
import { plant } from './plant.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    'for-ever': { type: 'boolean', default: false },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
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

/** A pipe may not have taken all yet: an exit would cut it off. */
const end = (code: number): Promise<never> =>
  new Promise(() => process.stdout.write('', () => process.exit(code)));

let windows: boolean | undefined;
if (values.bugs) {
  const caught = await bugTable((line) => process.stdout.write(`${line}\n`));
  await end(caught ? 0 : 1);
}
if (values.bug !== undefined) {
  const bug = BUGS.find(({ name }) => name === values.bug);
  if (bug === undefined) {
    process.stderr.write(
      `sim: no bug "${values.bug}"; there are:\n${BUGS.map(({ name }) => name).join('\n')}\n`,
    );
    process.exit(64);
  }
  plant(bug);
  windows = bug.windows ?? false;
}
// What simulates is loaded only now: with the bug, if there is one.
if (values.replay !== undefined) {
  const { replayFile } = await import('./replay.ts');
  await end(replayFile(values.replay) ? 0 : 1);
}
const { planOf } = await import('./faults.ts');
const { shrink } = await import('./shrink.ts');
const { simulate } = await import('./simulation.ts');

const started = performance.now();
let [records, events, played] = [0, 0, 0];
const rate = (): string => {
  const minutes = (performance.now() - started) / 60_000;
  return `${played} seeds, ${records} records, ${events} events, ${Math.round(played / minutes)} seeds a minute`;
};

let failedSeed: number | undefined;
for (let seed = from; seed < until; seed++) {
  const outcome = await simulate(planOf(seed, windows), { trace: values.seed !== undefined });
  played++;
  records += outcome.records;
  events += outcome.events;
  if (values.seed !== undefined) for (const line of outcome.trace) process.stdout.write(`${line}\n`);
  if (outcome.violations.length > 0) {
    failedSeed = seed;
    if (!values.json) {
      const { plan, outcome: small } = await shrink(planOf(seed, windows));
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
await end(failedSeed === undefined ? 0 : 1);
