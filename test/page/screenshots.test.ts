// The pictures of the page are taken by a command, and are small enough for a README.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ensureChromium } from '../../tools/chromium.ts';
import { run } from '../../tools/run.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BYTES_MAX = 200_000;

test('npm run screenshots writes the three pictures of README', async (t) => {
  const out = tempFolder('pictures');
  const printed = await run('npm', ['run', '-s', 'screenshots', '--', '--seconds', '3', '--out', out], {
    cwd: ROOT,
  });
  const names = ['page.png', 'page-dark.png', 'page-phone.png'];
  t.deepEqual(
    printed.trim().split('\n'),
    names.map((name) => join(out, name)),
  );
  for (const folder of [out, join(ROOT, 'docs', 'images')])
    for (const name of names) {
      const picture = readFileSync(join(folder, name));
      t.deepEqual(picture.subarray(0, PNG.length), PNG);
      t.true(picture.length > 20_000 && picture.length < BYTES_MAX, `${name}: ${picture.length} bytes`);
    }
});

test('a Chromium that was named and is not there is an error with its path', async (t) => {
  const before = process.env.CHROMIUM;
  process.env.CHROMIUM = '/nowhere/chromium';
  t.teardown(() => {
    if (before === undefined) delete process.env.CHROMIUM;
    else process.env.CHROMIUM = before;
  });
  await t.throwsAsync(ensureChromium(), {
    message: /CHROMIUM: .* \/nowhere\/chromium, which does not exist/,
  });
});
