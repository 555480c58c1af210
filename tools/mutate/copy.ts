// A copy of the working tree for mutants, with all files that git would take. The working tree
// itself is never touched.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WorkingCopy extends Disposable {
  readonly root: string;
}

export function copyTree(from: string): WorkingCopy {
  const root = mkdtempSync(join(tmpdir(), 'scorelane-mutants-'));
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: from });
  for (const name of listed.toString().split('\0')) {
    const path = join(from, name);
    // A deleted file may not be committed yet.
    if (name !== '' && existsSync(path)) cpSync(path, join(root, name));
  }
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  process.once('exit', remove);
  return { root, [Symbol.dispose]: remove };
}
