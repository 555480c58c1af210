import { join } from 'node:path';

/** Files that take the longest begin first, so that none of them is left running alone at the end. */
const LONGEST = [
  'test/torture/',
  'test/system/windows',
  'test/system/transactions',
  'test/sim/',
  'test/system/',
  'test/kafka/',
];
const rank = (file) => {
  const at = LONGEST.findIndex((part) => file.includes(part));
  return at < 0 ? LONGEST.length : at;
};

/**
 * What V8 compiled of the modules is kept: for test files, and for the hundreds of programs that
 * they start, half of the time of a start.
 */
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

export default {
  files: ['test/**/*.test.ts'],
  extensions: ['ts'],
  workerThreads: false,
  timeout: '5m',
  sortTestFiles: (left, right) => rank(left) - rank(right) || left.localeCompare(right),
  environmentVariables: {
    TF_CPP_MIN_LOG_LEVEL: '2',
    ORT_DISABLE_TELEMETRY: '1',
    // kafkajs 2.2.4 sets negative timers.
    NODE_OPTIONS: '--disable-warning=TimeoutNegativeWarning',
  },
};
