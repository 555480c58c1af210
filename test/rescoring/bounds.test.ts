// A range of history is that which the user named, in offsets, and never more than the log holds.

import test from 'ava';
import { boundIn, type HistoryBound, rangesBetween } from '../../src/rescoring/bounds.ts';

const bound = (text: string): HistoryBound => boundIn(text) as HistoryBound;

const HELD = [
  { from: 10, until: 100 },
  { from: 0, until: 50 },
];

test('a bound is earliest, latest, a time, or an offset for each partition', (t) => {
  t.deepEqual(boundIn('earliest'), { kind: 'earliest' });
  t.deepEqual(boundIn('2026-01-31T12:00:00Z'), { kind: 'time', timestampMs: Date.UTC(2026, 0, 31, 12) });
  t.deepEqual(boundIn('0:12,3:7'), {
    kind: 'offsets',
    offsets: new Map([
      [0, 12],
      [3, 7],
    ]),
  });
  for (const text of ['', 'yesterday', '12', '0:1,0:2', '0:-1', '2026-02-30'])
    t.is(boundIn(text), undefined, text);
});

test('earliest to latest is all that the log holds now', (t) => {
  t.deepEqual(rangesBetween(HELD, bound('earliest'), bound('latest')), HELD);
});

test('a time is the first record at or after it; after all records it is the end', (t) => {
  const held = [
    { from: 10, until: 100, fromTime: 40, untilTime: 70 },
    { from: 0, until: 50, fromTime: 50, untilTime: 50 },
  ];
  t.deepEqual(rangesBetween(held, bound('2026-01-01'), bound('2026-01-02')), [
    { from: 40, until: 70 },
    { from: 50, until: 50 },
  ]);
});

test('offsets name the partitions that are read; others are left out', (t) => {
  t.deepEqual(rangesBetween(HELD, bound('0:20'), bound('latest')), [
    { from: 20, until: 100 },
    { from: 0, until: 0 },
  ]);
});

test('where a partition has no record between two times, its range is empty', (t) => {
  const held = [
    { from: 10, until: 100, fromTime: 60, untilTime: 30 },
    { from: 0, until: 50, fromTime: 10, untilTime: 20 },
  ];
  t.deepEqual(rangesBetween(held, bound('2026-01-01'), bound('2026-01-02')), [
    { from: 60, until: 60 },
    { from: 10, until: 20 },
  ]);
});

test('bounds the wrong way round are refused, and partitions that only one of them names', (t) => {
  for (const [from, to, message] of [
    ['0:60,1:10', '0:30,1:20', /--to: expected an offset of partition 0 from 60 on, .* found 30/],
    ['0:60,1:10', '0:70', /--to: expected an offset of partition 1 from 10 on, .* found none/],
    ['0:60', '0:70,1:20', /--from: expected an offset of partition 1, which --to names, found none/],
    ['2026-02-01', '2026-01-01', /--to: expected a time after --from, .*2026-02-01.* found 2026-01-01/],
    ['2026-02-01', '2026-02-01', /--to: expected a time after --from/],
  ] as const)
    t.throws(() => rangesBetween(HELD, bound(from), bound(to)), { message });
  t.deepEqual(rangesBetween(HELD, bound('0:60'), bound('0:60'))[0], { from: 60, until: 60 });
});

test('offsets that the log does not hold are refused, with what it holds', (t) => {
  t.throws(() => rangesBetween(HELD, bound('0:5'), bound('latest')), {
    message: '--from: expected an offset from 10 to 100 of partition 0, found 5',
  });
  t.throws(() => rangesBetween(HELD, bound('earliest'), bound('1:51')), {
    message: '--to: expected an offset from 0 to 50 of partition 1, found 51',
  });
  t.throws(() => rangesBetween(HELD, bound('2:5'), bound('latest')), {
    message: '--from: expected partitions from 0 to 1, found partition 2',
  });
});
