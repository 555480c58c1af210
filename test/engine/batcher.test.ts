// The micro-batcher: says when and why, takes no more than fits and never less than one record
// batch; owns no clock.

import test from 'ava';
import fc from 'fast-check';
import { type BatchingPolicy, lingersUntil, takeMicroBatch, trigger } from '../../src/engine/batcher.ts';
import { type Mail, Mailbox } from '../../src/engine/mailbox.ts';
import type { NextOffset } from '../../src/log/offset.ts';

const policy: BatchingPolicy = { recordsMax: 10, bytesMax: 100, lingerMs: 5 };

const mail = (records: number, bytes: number, arrivedAtMs = 0): Mail => ({
  batch: null,
  first: 0 as NextOffset,
  next: records as NextOffset,
  records,
  bytes,
  arrivedAtMs,
});

function mailboxWith(...mails: Mail[]): Mailbox {
  const mailbox = new Mailbox();
  for (const each of mails) mailbox.put(each);
  return mailbox;
}

test('an empty mailbox is never ready', (t) => {
  t.is(trigger(new Mailbox(), policy, 1e9), null);
  t.is(lingersUntil(new Mailbox(), policy), Number.POSITIVE_INFINITY);
});

test('it is ready when full by records, full by bytes, or when the oldest has waited long enough', (t) => {
  t.is(trigger(mailboxWith(mail(10, 1)), policy, 0), 'full');
  t.is(trigger(mailboxWith(mail(1, 100)), policy, 0), 'full');
  t.is(trigger(mailboxWith(mail(9, 99)), policy, 4), null);
  t.is(trigger(mailboxWith(mail(9, 99), mail(0, 0, 4)), policy, 5), 'linger');
  t.is(lingersUntil(mailboxWith(mail(9, 99, 3), mail(0, 0, 4)), policy), 8);
});

test('what is taken is the longest beginning that fits, at least one, in order, and the counts stay right', (t) => {
  const sizes = fc.array(fc.tuple(fc.nat(15), fc.nat(150)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sizes, (given) => {
      const mails = given.map(([records, bytes]) => mail(records, bytes));
      const mailbox = mailboxWith(...mails);
      const taken: Mail[] = [];
      while (mailbox.length > 0) {
        const some = takeMicroBatch(mailbox, policy);
        const sum = (pick: (each: Mail) => number, of: readonly Mail[] = some) =>
          of.reduce((all, each) => all + pick(each), 0);
        const fits =
          sum(({ records }) => records) <= policy.recordsMax && sum(({ bytes }) => bytes) <= policy.bytesMax;
        t.true(some.length === 1 || fits);
        const next = mailbox.oldest;
        if (next !== undefined && fits) {
          t.true(
            sum(({ records }) => records) + next.records > policy.recordsMax ||
              sum(({ bytes }) => bytes) + next.bytes > policy.bytesMax,
          );
        }
        taken.push(...some);
        const left = mails.slice(taken.length);
        t.is(
          mailbox.records,
          sum(({ records }) => records, left),
        );
        t.is(
          mailbox.bytes,
          sum(({ bytes }) => bytes, left),
        );
      }
      t.deepEqual(taken, mails);
    }),
  );
});

test('mail that fills a micro-batch exactly is taken whole, by records and by bytes', (t) => {
  t.is(takeMicroBatch(mailboxWith(mail(4, 1), mail(6, 1), mail(1, 1)), policy).length, 2);
  t.is(takeMicroBatch(mailboxWith(mail(1, 40), mail(1, 60), mail(1, 1)), policy).length, 2);
});
