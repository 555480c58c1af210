// The values of the ports: offsets that cannot be none, names that cannot be mixed up, and errors
// that say which record it was.

import test from 'ava';
import { nextAfter, offset, startingAt } from '../../src/log/offset.ts';
import { RefusedRecordsError, SinkError } from '../../src/log/ports.ts';
import { keyOf } from '../../src/log/topic-partition.ts';
import { batchOf } from '../support/records.ts';

test('an offset is a whole number that a double holds; one past a record is where to go on', (t) => {
  for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) t.is(offset(value) as number, value);
  for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    t.throws(() => offset(value), { instanceOf: RangeError, message: `not an offset: ${value}` });
    t.throws(() => startingAt(value), { instanceOf: RangeError });
  }
  t.is(nextAfter(offset(41)) as number, 42);
  t.is(startingAt(41) as number, 41);
});

test('no two partitions have the same key', (t) => {
  const names = ['a', 'a1', 'a-1'].flatMap((topic) =>
    [0, 1, 10, 11].map((partition) => keyOf({ topic, partition })),
  );
  t.is(new Set(names).size, names.length);
  t.is(keyOf({ topic: 'scores', partition: 3 }), 'scores/3');
});

test('records that are refused are named with their partition, their place and the reason of the first', (t) => {
  const batch = batchOf('scores', 3, [
    { key: null, value: 'a' },
    { key: null, value: 'b' },
    { key: null, value: 'c' },
  ]);
  const refused = (...indexes: readonly number[]) => ({
    batch,
    appended: 0,
    ofTime: false,
    records: indexes.map((index) => ({ index, message: `reason ${index}` })),
  });
  const cause = new Error('as the broker said it');
  const one = new RefusedRecordsError([refused(1)], cause);
  t.is(one.message, 'scores/3 refuses record 1 of a batch of 3: reason 1');
  t.is(one.cause, cause);
  t.false(one.retriable, 'to send it again does not help');
  t.true(one instanceof SinkError);
  const more = new RefusedRecordsError([refused(0, 1, 2), refused(2)]);
  t.is(
    more.message,
    'scores/3 refuses record 0 of a batch of 3, and 2 others: reason 0; scores/3 refuses record 2 of a batch of 3: reason 2',
  );
  t.is(more.refusals.length, 2);
});

test('whether it helps to send again is what the sink says', (t) => {
  for (const retriable of [true, false]) t.is(new SinkError('away', { retriable }).retriable, retriable);
});
