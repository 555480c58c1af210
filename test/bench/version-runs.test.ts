// What the scenario `swap` finds in an output: that lanes followed each move once, and what it
// refuses.

import test from 'ava';
import type { ReadResult } from '../../bench/harness/audit.ts';
import { VoidRunError } from '../../bench/harness/result.ts';
import { VersionRuns } from '../../bench/harness/version-runs.ts';
import { codecs, FORMATS, type Format } from '../../src/codec/codecs.ts';

/** A result of each pair of a batch and a version, one a millisecond. */
function read(
  format: Format,
  partition: number,
  results: readonly (readonly [number, string])[],
): ReadResult[] {
  return results.map(([batch, version], number) => {
    const value = codecs[format].encode({ id: `tx-${number}`, score: 0.5, model: 'm', version });
    return { number, value: Buffer.from(value), partition, batch, timestampMs: 10 * partition + number };
  });
}

const runsOf = (format: Format, ...partitions: (readonly (readonly [number, string])[])[]): VersionRuns => {
  const runs = new VersionRuns(format, ['1', '2', '10']);
  for (const [partition, results] of partitions.entries())
    for (const result of read(format, partition, results)) runs.add(result);
  return runs;
};

for (const format of FORMATS)
  test(`${format}: a change is when the first, and when the last partition has a result of the version`, (t) => {
    const lane = [
      [0, '1'],
      [0, '1'],
      [2, '10'],
      [3, '10'],
      [4, '1'],
    ] as const;
    t.deepEqual(runsOf(format, lane, lane).changes(['1', '10', '1']), [
      { firstMs: 2, lastMs: 12 },
      { firstMs: 4, lastMs: 14 },
    ]);
  });

test('a lane that goes back and forth, or does not follow, makes the run void', (t) => {
  const follows = [
    [0, '1'],
    [1, '2'],
  ] as const;
  for (const other of [
    [[0, '1']],
    [
      [0, '1'],
      [1, '2'],
      [2, '1'],
      [3, '2'],
    ],
    [[0, '2']],
  ] as const)
    t.throws(() => runsOf('msgpack', follows, other).changes(['1', '2']), {
      instanceOf: VoidRunError,
      message: /partition 1: versions took turns as/,
    });
});

test('two versions in one record batch, and a result without a version, make the run void', (t) => {
  t.throws(
    () =>
      runsOf('msgpack', [
        [0, '1'],
        [0, '2'],
      ]),
    {
      instanceOf: VoidRunError,
      message: 'partition 0: versions 1 and 2 in the record batch at offset 0',
    },
  );
  t.throws(() => runsOf('json', [[0, '7']]), {
    message: 'the result of record 0 has no version that is known',
  });
});
