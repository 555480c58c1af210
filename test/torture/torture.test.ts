// The worst of what is done to a running system, once each: the whole list is for `npm run torture`.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from '../support/daemon.ts';

const WORST = ['broker killed', 'half-open', 'damaged', 'zombie'];

interface Report {
  readonly injections: readonly { readonly fault: string }[];
  readonly audit: { readonly inputs: number; readonly missing: number; readonly outOfOrder: number };
  readonly independent: { readonly missing: number; readonly inputs: number };
}

test('a broker killed, connections gone silent, damaged bytes and a zombie lose nothing and reorder nothing (invariants 1, 2, 3, 6)', async (t) => {
  t.timeout(600_000);
  const report = join(mkdtempSync(join(tmpdir(), 'scorelane-torture-')), 'report.json');
  const only = WORST.flatMap((words) => ['--only', words]);
  const args = [join(ROOT, 'test', 'torture', 'main.ts'), '--rounds', '1', '--report', report, ...only];
  const printed = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (error, out, words) => {
      resolve(error === null ? '' : `${out}${words}`);
    });
  });
  t.is(printed, '');
  const { injections, audit, independent } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  t.is(injections.length, WORST.length);
  t.true(audit.inputs > 10_000);
  t.is(independent.inputs, audit.inputs);
  t.deepEqual([audit.missing, audit.outOfOrder, independent.missing], [0, 0, 0]);
});
