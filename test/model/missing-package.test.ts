// What helps where a backend's package is missing: in a package of scorelane there is no script
// that builds one, and the version that is named must be the one that scorelane is made for.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { remedyFor } from '../../src/model/missing-package.ts';
import { ROOT } from '../support/daemon.ts';

const { optionalDependencies, files, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

test('a clone is told the script that builds tfjs-node, a package is told what it can do itself', (t) => {
  t.regex(remedyFor('@tensorflow/tfjs-node'), /^"npm run native" builds it/);
  t.true('native' in scripts);
  const inPackage = remedyFor('@tensorflow/tfjs-node', false);
  t.notRegex(inPackage, /npm run|npm ci/);
  t.true(inPackage.includes(`@tensorflow/tfjs-node@${optionalDependencies['@tensorflow/tfjs-node']}"`));
  t.notRegex(remedyFor('@tensorflow/tfjs-backend-wasm', false), /npm run|npm ci/);
});

test('a package does not have what tells a clone', (t) => {
  t.false(files.includes('tools'));
});
