// What helps where a package of a backend is missing, or does not load. A clone builds tfjs-node
// itself. Where scorelane was installed as a package there is no script for that.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../base/package-folder.ts';

/** The package does not have it. */
const BUILDER = join(packageFolder, 'tools', 'native.ts');

interface Remedies {
  readonly inClone: string;
  readonly inPackage: string;
}

const OTHERS: Remedies = {
  inClone: '"npm ci" installs it',
  inPackage: '"npm install" installs it again',
};
const OPTIONAL: Readonly<Record<string, Remedies>> = {
  '@tensorflow/tfjs-node': {
    inClone: '"npm run native" builds it from registry packages',
    inPackage:
      '"npm install @tensorflow/tfjs-node@4.22.0" beside scorelane installs it where its installer may run and can download TensorFlow',
  },
  'onnxruntime-node': {
    inClone: '"npm ci" installs it; it runs on Linux, Windows and macOS, as its folder bin says',
    inPackage:
      '"npm install --ignore-scripts onnxruntime-node@1.30.0" beside scorelane installs it; ' +
      'it runs on Linux, Windows and macOS, as its folder bin says',
  },
};

/** `isClone`: whether scorelane runs from its sources. */
export const remedyFor = (packageName: string, isClone = existsSync(BUILDER)): string =>
  (OPTIONAL[packageName] ?? OTHERS)[isClone ? 'inClone' : 'inPackage'];
