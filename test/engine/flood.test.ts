// What holds a lane up, in words: too many dead letters, and errors of whatever kind.

import test from 'ava';
import { failureOf } from '../../src/engine/failure.ts';
import { countUnlessFlood } from '../../src/engine/flood.ts';

const some = (scored: number, deadLetters: number) => ({
  scored,
  deadLetters,
  refusal: deadLetters === 0 ? null : 'no value',
});

test('more dead letters than allowed among the last records are a flood; it is said in numbers, and not counted', (t) => {
  const policy = { share: 0.5, recordsMin: 10 };
  const recent = { records: 0, dead: 0 };
  t.is(countUnlessFlood(recent, some(0, 9), policy), null, 'there are too few to say so');
  t.deepEqual(recent, { records: 9, dead: 9 });
  t.is(countUnlessFlood(recent, some(9, 0), policy), null);
  t.deepEqual(
    countUnlessFlood(recent, some(0, 1), policy),
    {
      code: 'SCORELANE_DEAD_LETTER_FLOOD',
      message: '10 of the last 19 records would be dead letters, more than deadLetters.floodShare allows',
      refusal: 'no value',
    },
    'the reason of the record, which may quote it, stands by itself',
  );
  t.deepEqual(recent, { records: 18, dead: 9 }, 'as before');
  t.is(
    countUnlessFlood(recent, some(1, 1), policy),
    null,
    'exactly the share is none; the older ones weigh half from now on',
  );
  t.deepEqual(recent, { records: 10, dead: 5 });
  t.is(
    countUnlessFlood({ records: 10, dead: 9 }, some(1, 0), policy),
    null,
    'what holds no dead letter passes',
  );
  t.is(
    countUnlessFlood({ records: 0, dead: 0 }, some(0, 100), { share: 1, recordsMin: 10 }),
    null,
    'a share of 1 is never passed',
  );
  const unknown = countUnlessFlood({ records: 0, dead: 0 }, { ...some(4, 6), refusal: null }, policy);
  t.false('refusal' in (unknown ?? { refusal: '' }));
});

test('an error is told by its code and its words; the stack goes with what nobody thought of', (t) => {
  t.deepEqual(failureOf('plain text'), { code: 'SCORELANE_UNKNOWN', message: 'plain text' });
  const known = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
  t.like(failureOf(known), { code: 'ECONNREFUSED', message: 'away' });
  const unforeseen = failureOf(new TypeError('x is not a function'));
  t.like(unforeseen, { code: 'SCORELANE_UNKNOWN', message: 'x is not a function' });
  t.regex(unforeseen.stack ?? '', /flood\.test/);
});
