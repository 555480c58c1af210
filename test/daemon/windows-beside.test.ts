// Windows are built up beside in a process of its own. Where it cannot do that, or another version
// shall serve, nothing waits for it.

import test from 'ava';
import { pino } from 'pino';
import { engineLimits } from '../../src/daemon/engine-limits.ts';
import { WindowsBeside } from '../../src/daemon/windows-beside.ts';
import { scorerSetup } from '../../src/daemon/worker-setup.ts';
import { newEngine } from '../../src/engine/state.ts';
import { PreparedFolders } from '../../src/pool/prepared-states.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { load } from '../support/config.ts';
import { startSilent } from '../support/silent.ts';
import { windowsModel } from '../support/windows-model.ts';

const { folder, repository } = windowsModel(
  '\n  - { path: amount }\n  - { window: { function: count, by: customer, size: 7d } }',
  '{ time: at }',
);

function beside(address: string, t: import('ava').ExecutionContext) {
  const { config } = load(
    `input: { topic: in, format: json }
output: { topic: out, format: json }
deadLetters: { topic: dead }
model: { repository: ${repository}, name: cards, backend: wasm }
kafka: { bootstrap.servers: '${address}', request.timeout.ms: 5s }
`,
  );
  const said: string[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const driver = { state: newEngine(engineLimits(config), true) };
  const prepared = new PreparedFolders(tempFolder('beside'));
  t.teardown(() => prepared.close());
  const windows = new WindowsBeside({ config, logger, driver, partitions: () => 1 }, prepared);
  const setup = scorerSetup(config, {
    modelFolder: folder,
    backend: 'wasm',
    resultFrame: new Uint8Array(0),
  });
  return { windows, said, wanted: { version: '2', plan: 'other', setup } };
}

const never = new AbortController().signal;

test('where windows cannot be built beside, the log says why and the version may take over', async (t) => {
  const silent = await startSilent();
  silent.stop();
  const { windows, said, wanted } = beside(silent.address, t);
  await windows.build(wanted, never);
  t.true(windows.isReady('2'));
  t.is(windows.building, null);
  t.regex(
    said.at(-1) ?? '',
    /^version 2 takes over without its windows, lanes build them up: .*no broker at/s,
  );
  windows.wants('2');
  t.true(windows.isReady('2'));
  windows.wants(null);
  t.false(windows.isReady('2'), 'the next time they are tried again');
  await windows.build(wanted, never);
  windows.wants('3');
  windows.wants('2');
  t.false(windows.isReady('2'), 'what was built up is old when another one was wanted meanwhile');
});

test('windows that nobody waits for any more are given up at once', async (t) => {
  const silent = await startSilent();
  t.teardown(() => silent.stop());
  const { windows, wanted } = beside(silent.address, t);
  const built = windows.build(wanted, never);
  t.is(windows.building, '2');
  await silent.connected;
  windows.wants('2');
  t.is(windows.building, '2');
  windows.wants('3');
  await built;
  t.is(windows.building, null);
  t.false(windows.isReady('2'));
});

test('a stop ends the building with its reason', async (t) => {
  const silent = await startSilent();
  t.teardown(() => silent.stop());
  const { windows, wanted } = beside(silent.address, t);
  const end = new AbortController();
  const built = windows.build(wanted, end.signal);
  await silent.connected;
  end.abort(new Error('the job ends'));
  await t.throwsAsync(built, { message: 'the job ends' });
});
