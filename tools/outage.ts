// `npm run outage -- --seconds 60`: shows what the daemon logs while its broker is away, and after
// it is back. It fails if these are more lines than a person reads.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { endsWithUs } from './at-end.ts';
import { startBroker } from './broker.ts';
import { createTopics } from './topics.ts';

const LINES_MAX = 10;
const START_TIMEOUT_MS = 120_000;
const main = join(import.meta.dirname, '..', 'src', 'main.ts');
const config = join(import.meta.dirname, '..', 'config', 'kafka.yaml');

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) {
  process.stderr.write(`outage: --seconds: expected a number above 0, found "${values.seconds}"\n`);
  process.exit(64);
}

const first = await startBroker();
const set = [`kafka.bootstrap.servers=${first.address}`, 'model.backend=wasm', 'telemetry.reportEvery=1h'];
const start = (...words: readonly string[]): ChildProcess =>
  endsWithUs(
    spawn(process.execPath, [main, ...words, '--config', config, ...set.flatMap((each) => ['--set', each])]),
  );

await createTopics(first.address, { transactions: 4, scores: 4, 'dead-letters': 4 });
const daemon = start('run');
const ended = once(daemon, 'close');
let log = '';
daemon.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));

async function says(words: string): Promise<void> {
  for (let waitedMs = 0; !log.includes(words); waitedMs += 100) {
    if (daemon.exitCode !== null || waitedMs > START_TIMEOUT_MS)
      throw new Error(`expected ${words}:\n${log}`);
    await sleep(100);
  }
}

let second = first;
try {
  await says('"msg":"assigned"');
  await once(start('produce', '--rate', 'max', '--count', '2000'), 'close');
  const before = log.length;
  await first.stop();
  await sleep(seconds * 1_000);
  const away = log
    .slice(before)
    .split('\n')
    .filter((line) => line !== '');
  second = await startBroker({ port: first.port, dataFolder: first.dataFolder });
  await once(start('produce', '--rate', 'max', '--count', '2000'), 'close');
  await sleep(5_000);
  process.stdout.write(
    `${log.slice(before)}\n${away.length} lines while the broker was away for ${seconds} s\n`,
  );
  if (away.length > LINES_MAX) process.exitCode = 1;
} finally {
  daemon.kill('SIGTERM');
  await ended;
  await second.stop();
}
