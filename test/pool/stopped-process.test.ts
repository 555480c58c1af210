// A process may stand still for longer than a task may take: it is stopped (SIGSTOP, `docker
// pause`), or its machine is. No thread is ended for that (invariants 6 and 7).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'ava';
import { endsWithUs } from '../../tools/at-end.ts';
import { until } from '../support/until.ts';

const program = new URL('./stopped-process.ts', import.meta.url);

test('a process that was stopped for longer than scoring.deadline in the middle of a task gets its answer', async (t) => {
  const child = spawn(process.execPath, [program.pathname], { stdio: ['ignore', 'pipe', 'inherit'] });
  endsWithUs(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exit = once(child, 'exit');
  t.is((await lines.next()).value, 'begun');
  child.kill('SIGSTOP');
  const stoppedMs = performance.now();
  await until('a deadline, and more, to pass', () => performance.now() - stoppedMs > 6_000);
  child.kill('SIGCONT');
  t.is((await lines.next()).value, 'unloaded');
  t.deepEqual(await exit, [0, null]);
});
