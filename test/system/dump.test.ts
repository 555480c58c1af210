// A daemon that is asked for its state, and one that breaks: as a process, by signals.

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readDump } from '../../src/daemon/dump-text.ts';
import { replay } from '../sim/replay.ts';
import { Program } from '../support/daemon.ts';
import { until } from '../support/until.ts';

/** Breaks the main thread when told to by a signal that nobody else uses. */
const BREAK = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGWINCH', () => { throw new TypeError('planted'); });
`;

test('SIGUSR2 dumps a state that replays and the daemon scores on; what nobody catches leaves a dump and exit code 70', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'scorelane-dump-'));
  const dumps = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('scorelane-dump-'))
      .sort()
      .map((name) => readDump(readFileSync(join(folder, name), 'utf8')));
  const daemon = new Program(['run', '--config', 'config/demo.yaml', '--set', 'scoring.workers=1'], {
    // Without snapshots.directory.
    TMPDIR: folder,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(BREAK)}`,
  });
  const scored = (): number =>
    Number(daemon.out.match(/([\d,]+) scored(?![\s\S]* scored)/)?.[1]?.replaceAll(',', '') ?? 0);
  await daemon.says('"msg":"backend ');
  daemon.child.kill('SIGUSR2');
  await daemon.says(/no dump of the state: the daemon has not started yet|the state is dumped to /);
  await until('records to be scored', () => {
    if (daemon.child.exitCode !== null) throw new Error(daemon.out);
    return scored() > 0;
  });
  const asked = dumps().length;
  daemon.child.kill('SIGUSR2');
  const dump = await until('a dump', () => dumps()[asked]);
  t.is(dump.why, 'SIGUSR2');
  t.is(replay(dump, () => {}).fault, null);
  const before = scored();
  await until('more to be scored', () => scored() > before);
  t.is(daemon.child.exitCode, null);

  daemon.child.kill('SIGWINCH');
  const { code, out } = await daemon.ended;
  t.is(code, 70, out);
  t.regex(out, /"level":60.*"stack":"TypeError: planted.*"msg":"planted"/);
  t.like(dumps().at(-1), { why: 'uncaught', error: { name: 'TypeError' } });
});
