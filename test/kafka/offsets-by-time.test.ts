// Lanes that are assigned together share what the broker says of times, for a while; a failure is
// not kept.

import test from 'ava';
import { OffsetsByTime } from '../../src/kafka/offsets-by-time.ts';

/** A broker that counts what it is asked. */
function brokerWith(fails: { left: number } = { left: 0 }) {
  const asked: number[] = [];
  const answer = async (timestampMs: number) => {
    asked.push(timestampMs);
    if (fails.left-- > 0) throw new Error('away');
    return [0, 1].map((partition) => ({ partition, offset: String(100 * partition + timestampMs) }));
  };
  const times = new OffsetsByTime({
    fetchTopicOffsets: async () => {
      asked.push(Number.NEGATIVE_INFINITY);
      return [0, 1].map((partition) => ({ partition, offset: '9', high: '9', low: String(partition) }));
    },
    fetchTopicOffsetsByTimestamp: async (_, timestampMs = 0) => answer(timestampMs),
  });
  return { times, asked };
}

test('one question serves all partitions that ask for the same time', async (t) => {
  const { times, asked } = brokerWith();
  const at = (partition: number, timestampMs: number) =>
    times.offsetAt({ topic: 'in', partition }, timestampMs);
  t.deepEqual(await Promise.all([at(0, 5), at(1, 5), at(0, 7)]), [5, 105, 7]);
  t.deepEqual(await Promise.all([at(1, Number.NEGATIVE_INFINITY), at(0, Number.NEGATIVE_INFINITY)]), [1, 0]);
  t.deepEqual(asked, [5, 7, Number.NEGATIVE_INFINITY]);
  await t.throwsAsync(at(2, 5), { code: 'SCORELANE_MISSING_TOPIC' });
});

test('a failure is told to who waits for it, and the next one asks again', async (t) => {
  const { times, asked } = brokerWith({ left: 1 });
  const at = () => times.offsetAt({ topic: 'in', partition: 0 }, 3);
  const both = await Promise.allSettled([at(), at()]);
  t.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  t.is(await at(), 3);
  t.is(asked.length, 2);
});
