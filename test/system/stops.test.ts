// Every command can be ended at every moment, and ends by itself where a broker says nothing
// (invariant 6 for people): a pod that does not end in time is killed, and with it its summary.

import anyTest, { type TestFn } from 'ava';
import { freePort } from '../../tools/broker.ts';
import { newJob, Program, produce, readSummary, startDaemon, summaryFile } from '../support/daemon.ts';
import { withBroker } from '../support/kafka.ts';
import { type Silent, startSilent } from '../support/silent.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
let silent: Silent;

test.before(async () => {
  silent = await startSilent();
});
test.after.always(() => silent?.stop());

const command = (address: string, words: readonly string[], ...settings: string[]): Program =>
  new Program([
    ...words,
    '--config',
    'config/kafka.yaml',
    ...[`kafka.bootstrap.servers=${address}`, 'model.backend=wasm', ...settings].flatMap((setting) => [
      '--set',
      setting,
    ]),
  ]);

test('SIGTERM while the broker is away ends the start in order: exit 0, and the summary is written', async (t) => {
  const file = summaryFile();
  const daemon = command(`127.0.0.1:${await freePort()}`, ['run', '--summary', file]);
  await daemon.says('not ready: no broker at');
  const { code, out } = await daemon.stop();
  t.is(code, 0, out);
  t.is(readSummary(file).scored, 0);
});

test('a broker that accepts and is silent is not ready too, and SIGTERM ends the waiting', async (t) => {
  const daemon = command(silent.address, ['run']);
  await daemon.says(`not ready: no broker at ${silent.address}: no answer`);
  const { code, out } = await daemon.stop();
  t.is(code, 0, out);
});

test('--for ends a start that waits for the broker', async (t) => {
  const { code, out } = await command(silent.address, ['run', '--for', '1s']).ended;
  t.is(code, 0, out);
  t.regex(out, /told to end before the start was done/);
});

for (const words of [['check'], ['audit'], ['produce'], ['dlq', 'list'], ['run', '--fail-fast']]) {
  test(`${words.join(' ')} does not wait for ever for a silent broker`, async (t) => {
    const { code, out } = await command(silent.address, words, 'kafka.request.timeout.ms=2000').ended;
    t.is(code, 69, out);
    t.regex(out, /no broker at .*: no answer within 2000 ms/);
  });
}

test('a signal ends a command that only looks', async (t) => {
  const own = await startSilent();
  const looking = command(own.address, ['audit']);
  await own.connected;
  t.is((await looking.stop()).code, 143);
  own.stop();
});

test('a broker that hangs keeps no stop longer than lanes.stopTimeout: what is in flight is 75, and the summary is written', async (t) => {
  const file = summaryFile();
  const job = await newJob(broker().address, ['model.backend=wasm', 'lanes.stopTimeout=4s']);
  const daemon = await startDaemon(job, ['telemetry.reportEvery=200ms'], ['--summary', file]);
  await produce(job, 1_000, '--rate', 'max');
  await daemon.says(/"scored":1000/);
  const { process: frozen } = broker();
  frozen.kill('SIGSTOP');
  try {
    const startedMs = performance.now();
    const { code, out } = await daemon.stop();
    const tookMs = performance.now() - startedMs;
    t.true(code === 0 || code === 75, out);
    // By then Kubernetes would have killed it; a loaded machine needs some of that for the process
    // alone.
    t.true(tookMs < 30_000, `${tookMs} ms`);
    t.is(readSummary(file).scored, 1_000);
  } finally {
    frozen.kill('SIGCONT');
  }
});
