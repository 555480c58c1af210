// Every number of the configuration has a least and a greatest sensible value, and what is outside
// is refused in words: a typing error of a unit must not begin a daemon that eats the machine.

import test from 'ava';
import { z } from 'zod';
import { leaves } from '../../src/config/leaves.ts';
import { boundsInWords } from '../../src/config/units.ts';
import { bare } from '../../src/written/wanted.ts';
import { MINIMAL, problemsOf } from '../support/config.ts';

/** Whether it becomes a number, alone or among others. Durations may be given as text only. */
const takesNumbers = (type: z.ZodType): boolean => {
  if (typeof type.safeParse(undefined).data === 'number') return true;
  const inner = bare(type);
  if (inner instanceof z.ZodUnion) return inner.options.some((each) => takesNumbers(each as z.ZodType));
  return inner instanceof z.ZodNumber;
};
const numbers = leaves.filter(({ type }) => takesNumbers(type));

test('every number has a least and a greatest value', (t) => {
  t.true(numbers.length > 40);
  const without = numbers.filter(({ type }) => boundsInWords(type) === null).map(({ key }) => key);
  t.deepEqual(
    without,
    [
      ...['deadLetters.floodShare', 'model.canaryShare', 'model.canaryFailures', 'model.canaryLatency'],
      ...['model.canaryShift', 'model.shadowBudget', 'drift.sampling', 'tracing.sampling'],
    ],
    'a share is from 0 to 1, and others say their bounds',
  );
});

for (const { key, type } of numbers.filter((leaf) => boundsInWords(leaf.type) !== null)) {
  test(`${key} takes its least and its greatest value, and nothing outside`, (t) => {
    const [least, most] = (boundsInWords(type) as string).split(' to ') as [string, string];
    const given = (text: string): unknown => (/^\d+$/.test(text) ? Number(text) : text);
    for (const value of [least, most]) t.true(type.safeParse(given(value)).success, value);
    const [, above = '', unit = ''] = /^(\d+)(\w*)$/.exec(most) ?? [];
    for (const value of [`${BigInt(above) + 1n}${unit}`, -1, `-1${unit}`, Number.POSITIVE_INFINITY, 'many'])
      t.false(type.safeParse(typeof value === 'string' ? given(value) : value).success, String(value));
    t.true(type.safeParse(undefined).success, 'its default');
  });
}

for (const [setting, words] of [
  ['kafka.session.timeout.ms=5', 'expected 1s to 30m, found "5"'],
  [
    'kafka.session.timeout.ms=5m 1s',
    'expected milliseconds, or a duration such as 200ms, 10s or 5m, found "5m 1s"',
  ],
  ['scoring.heapBytes=1MiB', 'expected 64MiB to 1TiB, found "1MiB"'],
  ['scoring.workers=500', 'expected a whole number from 1 to 256, found 500'],
  ['scoring.workers=many', 'expected auto, or a whole number from 1 to 256, found "many"'],
  ['model.canaryLatency=0.5', 'expected a factor from 1 to 1000, found 0.5'],
  ['model.canaryShift=-1', 'expected a PSI from 0 to 1000, found -1'],
  ['model.shadowBudget=2', 'expected a share from 0 to 1, found 2'],
  ['scoring.predictRecords=1.5', 'expected a whole number from 1 to 65536, found 1.5'],
  ['scoring.memoryLimit=1KiB', 'expected auto, none, or a size from 64MiB to 64TiB, found "1KiB"'],
  ['http.listen=nowhere', 'expected host:port, such as 127.0.0.1:8080, or none, found "nowhere"'],
  ['http.listen=a:70000', 'expected a port from 0 to 65535, found "a:70000"'],
  ['telemetry.reportEvery=0s', 'expected 100ms to 24h, found "0s"'],
  ['lanes.budget=1KiB', 'expected 1MiB to 1TiB, found "1KiB"'],
  ['deadLetters.floodShare=2', 'expected a share from 0 to 1, found 2'],
  ['snapshots.directory=', 'expected the path of a folder, found ""'],
  ['model.version=', 'expected a version, latest or a label, found ""'],
] as const) {
  test(`${setting} is refused: ${words}`, (t) => {
    t.is(problemsOf(MINIMAL, [setting]), `--set: ${setting.split('=')[0]}: ${words}`);
  });
}
