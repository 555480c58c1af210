// Where reading goes on when the log does not hold the next offset: the rule alone, without a
// broker.

import test from 'ava';
import { OffsetOutOfRangeError } from '../../src/kafka/errors.ts';
import { resumedAfter } from '../../src/kafka/out-of-range.ts';
import { startingAt } from '../../src/log/offset.ts';

const after = (position: number, assignedAt: number, onOutOfRange: 'fail' | 'continue', reset = 'earliest') =>
  resumedAfter(
    { topic: 'in', partition: 0, position, logStart: 100, logEnd: 200 },
    startingAt(assignedAt),
    onOutOfRange,
    reset as 'earliest' | 'latest',
  );

const messageOf = (found: unknown): string => (found instanceof OffsetOutOfRangeError ? found.message : '');

test('records that are read for their features only may be gone: reading goes on at the start of the log', (t) => {
  t.is(after(50, 100, 'fail'), startingAt(100));
  t.is(after(50, 150, 'fail', 'latest'), startingAt(100));
});

test('without leave to continue, a gap in records to be scored is an error that says why', (t) => {
  t.regex(
    messageOf(after(50, 99, 'fail')),
    /^in\/0: the next offset to read is 50, .* 100 to 200; records were deleted/,
  );
  t.regex(messageOf(after(201, 201, 'fail')), /^in\/0: .* it ends before what was committed/);
});

test('with leave to continue, reading goes on where a new group would begin', (t) => {
  t.is(after(50, 50, 'continue'), startingAt(100));
  t.is(after(50, 50, 'continue', 'latest'), startingAt(200));
  t.is(after(201, 201, 'continue', 'latest'), startingAt(200));
});
