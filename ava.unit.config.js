// `npm run test:unit`: the tests that need Node alone and take no more than seconds each. Which ones these are is read from what they
// import, so that a new test belongs to them by itself.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import all from './ava.config.js';

/** A broker, a registry, a browser, Python or the native backend. */
const REAL_PARTS = /\/(support\/(kafka|daemon)|tools\/(broker|chromium|python|registry))\.ts$/;
/** These need nothing, but repeat long runs, load a model into thread after thread or start whole processes. */
const LONG = /^test\/(sim|fuzz|pool|torture|bench|system|model)\/|interleavings|process.test|mutate.test/;

const needsRealPart = (file, seen = new Set()) => {
  if (REAL_PARTS.test(`/${file}`)) return true;
  if (seen.has(file) || !file.startsWith('test/')) return false;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g);
  return [...imports].some(([, name]) => needsRealPart(join(dirname(file), name), seen));
};

const isUnit = (file) => !LONG.test(file) && !needsRealPart(file);

export default {
  ...all,
  workerThreads: true,
  files: globSync('test/**/*.test.ts').filter(isUnit),
  environmentVariables: {
    ...all.environmentVariables,
    PROPERTY_RUNS_SHARE: process.env.PROPERTY_RUNS_SHARE ?? '0.1',
  },
};
