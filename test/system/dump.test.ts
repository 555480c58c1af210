// A daemon that is asked for its state, and one that breaks: as a process, by signals.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readDump } from '../../src/daemon/dump-text.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { replay } from '../sim/replay.ts';
import { Program } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** Machines may be busy. */
const PATIENCE_MS = 200_000;

/** Breaks the main thread when told to by a signal that nobody else uses. */
const BREAK = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGWINCH', () => { throw new TypeError('planted'); });
`;

test('SIGUSR2 dumps a state that replays and the daemon scores on; what nobody catches leaves a dump and exit code 70', async (t) => {
  const folder = tempFolder('dump');
  const dumps = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('scorelane-dump-'))
      .sort()
      .map((name) => readDump(readFileSync(join(folder, name), 'utf8')));
  const settings = ['scoring.workers=1', 'model.backend=wasm', 'telemetry.reportEvery=1s'].flatMap(
    (setting) => ['--set', setting],
  );
  const daemon = new Program(['run', '--config', 'config/demo.yaml', ...settings], {
    // Without snapshots.directory.
    TMPDIR: folder,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(BREAK)}`,
  });
  t.teardown(() => daemon.child.kill('SIGKILL'));
  const scored = (): number => Number(daemon.out.match(/.*"scored":(\d+)/s)?.[1] ?? 0);
  /** Told once the file is whole. */
  const dumped = (): number => daemon.out.split('the state is dumped to ').length - 1;
  const whether = (what: string, look: () => boolean): Promise<boolean> => {
    const lives = (): boolean => {
      if (daemon.child.exitCode !== null) throw new Error(daemon.out);
      return look();
    };
    return until(what, lives, PATIENCE_MS);
  };
  await whether('its first words', () => daemon.out.includes('"msg":"backend '));
  daemon.child.kill('SIGUSR2');
  const tooEarly = 'no dump of the state: the daemon has not started yet';
  await whether('an answer', () => daemon.out.includes(tooEarly) || dumped() > 0);
  await whether('records to be scored', () => scored() > 0);
  const asked = dumped();
  daemon.child.kill('SIGUSR2');
  await whether('a dump', () => dumped() > asked);
  const dump = dumps().at(-1);
  t.is(dump?.why, 'SIGUSR2');
  t.is(dump && replay(dump, () => {}).fault, null);
  const before = scored();
  await whether('more to be scored', () => scored() > before);

  daemon.child.kill('SIGWINCH');
  const { code, out } = await daemon.ended;
  t.is(code, 70, out);
  t.regex(out, /"level":60.*"stack":"TypeError: planted.*"msg":"planted"/);
  t.like(dumps().at(-1), { why: 'uncaught', error: { name: 'TypeError' } });
});
