// What is known about the transactions of one partition: whether an attempt must still be made.

import test from 'ava';
import { type Attempt, isAnswered, newLine, succeeded } from '../../src/kafka/transaction-line.ts';
import { startingAt } from '../../src/log/offset.ts';
import { batchOf } from '../support/records.ts';

const lineOf = () => newLine({ topic: 'in', partition: 0, incarnation: null });
const attempt = (next: number, given: Partial<Attempt> = {}): Attempt => ({
  topic: 'in',
  partition: 0,
  next: startingAt(next),
  batches: [],
  ...given,
});
const answers = () => [batchOf('out', 0, [{ key: 'k', value: 'v' }])];

test('an offset that was committed before the partition was ours answers nothing', (t) => {
  const line = lineOf();
  line.committed = 7;
  t.false(isAnswered(line, attempt(7)));
});

test('an offset alone is answered when it was committed with its text, or a later offset was', (t) => {
  const line = lineOf();
  succeeded(line, attempt(7, { metadata: 'text' }));
  t.true(isAnswered(line, attempt(7, { metadata: 'text' })));
  t.false(isAnswered(line, attempt(7, { metadata: 'another text' })));
  t.true(isAnswered(line, attempt(6)));
  t.false(isAnswered(line, attempt(8)));
});

test('answers are made again unless their own attempt is known to have succeeded', (t) => {
  const line = lineOf();
  const made = attempt(7, { batches: answers() });
  succeeded(line, made);
  t.false(isAnswered(line, made));
  line.settled = made;
  t.true(isAnswered(line, { ...made }));
  t.false(isAnswered(line, attempt(7, { batches: answers() })));
});
