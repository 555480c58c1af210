// The worst of what is done to a running system, once each: the whole list is for `npm run
// torture`.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';
import type { Played } from './play.ts';

const WORST = [
  'broker killed',
  'half-open',
  'forgotten',
  'damaged',
  'zombie',
  'out of memory',
  'endless loop',
];

interface Report {
  readonly scenes: readonly Played[];
}

test('a broker killed, connections gone silent, damaged bytes and a zombie lose nothing and reorder nothing (invariants 1, 2, 3, 6)', async (t) => {
  t.timeout(600_000);
  const report = join(tempFolder('torture'), 'report.json');
  const only = WORST.flatMap((words) => ['--only', words]);
  const args = [join(ROOT, 'test', 'torture', 'main.ts'), '--rounds', '1', '--report', report, ...only];
  const printed = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (error, out, words) => {
      resolve(error === null ? '' : `${out}${words}`);
    });
  });
  t.is(printed, '');
  const { scenes } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  t.is(scenes.length, 1);
  const { injections, audit, independent } = scenes[0] as Played;
  t.is(injections.length, WORST.length);
  t.true(audit.inputs > 10_000);
  t.is(independent.inputs, audit.inputs);
  t.deepEqual([audit.missing, audit.outOfOrder, independent.missing], [0, 0, 0]);
});
