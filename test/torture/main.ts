// `npm run torture -- --minutes M`: a real broker, load and daemons, and one fault after the other, until the time is up and
// every fault has had its turn; then two audits, ours and an independent one. Exit 1 when anything is missing. The report
// is kept as a file. `--rounds N` counts rounds instead of minutes; `--only WORDS`, once or more, keeps the faults whose
// name holds them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PartitionReport } from '../../src/audit/coverage.ts';
import { allCommitted, audit, flags, Program } from '../support/daemon.ts';
import { kafkaFor, settingsFor } from '../support/kafka.ts';
import { FAULTS } from './faults.ts';
import { Scene } from './scene.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    rounds: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    only: { type: 'string', multiple: true, default: [''] },
    report: { type: 'string' },
  },
});
const minutes = Number(values.minutes ?? 0);
const rounds = Number(values.rounds ?? (values.minutes === undefined ? 1 : 0));
const rate = Number(values.rate);
const chosen = FAULTS.filter(({ name }) => values.only.some((words) => name.includes(words)));
if (!(minutes >= 0) || !(rounds >= 0) || !(rate > 0) || chosen.length === 0) {
  process.stderr.write(
    `torture: wrong words; the faults are:\n${FAULTS.map(({ name }) => name).join('\n')}\n`,
  );
  process.exit(64);
}

interface Injection {
  readonly fault: string;
  readonly atSeconds: number;
  /** Until everything that was there when the fault ended was committed. */
  readonly healedAfterSeconds: number;
}

const startedMs = performance.now();
const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const injections: Injection[] = [];
let failure: Error | undefined;

const scene = await Scene.start(rate);
let exitCode = 1;
try {
  await scene.startDaemon();
  await scene.startDaemon();
  scene.startLoad();
  await scene.healed();
  try {
    for (let round = 0; round < rounds || seconds() < minutes * 60; round++) {
      for (const { name, act } of chosen) {
        const atSeconds = seconds();
        await act(scene);
        scene.daemon();
        await scene.healed();
        const healedAfterSeconds = Math.round((seconds() - atSeconds) * 10) / 10;
        injections.push({ fault: name, atSeconds, healedAfterSeconds });
        say(`${atSeconds.toFixed(1).padStart(7)} s  ${name}: all scored after ${healedAfterSeconds} s`);
      }
    }
  } catch (error) {
    failure = error as Error;
    say(`FAILED: ${failure.message}`);
    for (const words of scene.endings) say(`--- a daemon that has ended said at last:\n${words}`);
    for (const daemon of scene.daemons) say(`--- a daemon said at last:\n${daemon.out.slice(-4_000)}`);
  }
  await scene.endLoad();
  const { job } = scene;
  if (failure === undefined) await allCommitted(job, kafkaFor(settingsFor(job.address)), scene.daemon());
  for (const daemon of scene.daemons) await daemon.stop();
  const printed = await new Program(['audit', '--config', 'config/kafka.yaml', ...flags(job, []), '--json'])
    .ended;
  const { partitions } = JSON.parse(printed.out) as { partitions: PartitionReport[] };
  const sum = (of: (report: PartitionReport) => number): number =>
    partitions.reduce((total, report) => total + of(report), 0);
  const own = {
    inputs: sum(({ inputs }) => inputs),
    missing: sum(({ missing }) => missing),
    repeated: sum(({ repeated }) => repeated),
    dead: sum(({ dead }) => dead),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    pending: sum(({ pending }) => pending),
  };
  const independent = await audit(job);
  const report = {
    seconds: seconds(),
    rate,
    longestStallSeconds: Math.max(0, ...injections.map(({ healedAfterSeconds }) => healedAfterSeconds)),
    audit: own,
    independent,
    injections,
    ...(failure === undefined ? {} : { failure: failure.message }),
  };
  mkdirSync('torture-results', { recursive: true });
  const file =
    values.report ?? join('torture-results', `${new Date().toISOString().replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  const { missing, wronglyDead, wronglyScored, deadUntouched } = independent;
  say(`audit: ${JSON.stringify(own)}`);
  say(`independent audit: ${JSON.stringify({ missing, wronglyDead, wronglyScored, deadUntouched })}`);
  say(
    `${injections.length} faults in ${seconds()} s, longest stall ${report.longestStallSeconds} s; report: ${file}`,
  );
  const sound =
    failure === undefined &&
    own.missing + own.outOfOrder + own.pending + missing + wronglyDead + wronglyScored === 0 &&
    deadUntouched;
  exitCode = sound ? 0 : 1;
} finally {
  await scene.stop();
}
process.exit(exitCode);
