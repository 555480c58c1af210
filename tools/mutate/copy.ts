// A copy of the working tree for mutants, with all files that git would take. The working tree
// itself is never touched.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../temp-folder.ts';

/** Returns its folder. */
export function copyTree(from: string): string {
  const root = tempFolder('mutants');
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: from });
  for (const name of listed.toString().split('\0')) {
    const path = join(from, name);
    // A deleted file may not be committed yet.
    if (name !== '' && existsSync(path)) cpSync(path, join(root, name));
  }
  symlinkSync(join(from, 'node_modules'), join(root, 'node_modules'));
  return root;
}
