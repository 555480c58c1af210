// A folder that cannot be made is an error of the system, at once. Node's own recursive mkdir goes
// on for ever in /proc.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeFolder } from '../../src/base/make-folder.ts';
import { tempFolder } from '../../tools/temp-folder.ts';

const folder = tempFolder('folder');

test('all folders on the way are made, and told; what is there is left alone', (t) => {
  const path = join(folder, 'a', 'b');
  t.deepEqual(makeFolder(path), [join(folder, 'a'), path]);
  t.true(existsSync(path));
  t.deepEqual(makeFolder(path), []);
});

test('a folder where there can be none is refused at once: in /proc, below a file, in place of one', (t) => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  t.throws(() => makeFolder('/proc/nope/more'), { code: 'ENOENT' });
  t.throws(() => makeFolder(join(file, 'more')), { code: 'ENOTDIR' });
  t.throws(() => makeFolder(file), { code: 'ENOTDIR' });
});
