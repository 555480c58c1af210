// What helps where a package of a backend is missing, or does not load. A clone builds tfjs-node
// itself. Where scorelane was installed as a package there is no script for that.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../base/package-folder.ts';

/** The package does not have it. */
const BUILDER = join(packageFolder, 'tools', 'native.ts');

const IN_CLONE = {
  tfjsNode: '"npm run native" builds it from registry packages',
  others: '"npm ci" installs it',
};
const IN_PACKAGE = {
  tfjsNode:
    '"npm install @tensorflow/tfjs-node@4.22.0" beside scorelane installs it where its installer may run and can download TensorFlow',
  others: '"npm install" installs it again',
};

/** `isClone`: whether scorelane runs from its sources. */
export const remedyFor = (packageName: string, isClone = existsSync(BUILDER)): string =>
  (isClone ? IN_CLONE : IN_PACKAGE)[packageName === '@tensorflow/tfjs-node' ? 'tfjsNode' : 'others'];
