// Who asks for committed offsets waits for the transactions that are about to change them, and for
// no longer than it should.

import test from 'ava';
import {
  brokerWithStableOffsets,
  type OffsetFetchArguments,
  UnstableOffsetError,
} from '../../src/kafka/stable-offsets.ts';

const UNSTABLE = 88;
/** Of partition 0, 1 and so on; null for what a transaction is about to change. */
type Offsets = readonly (number | null)[];

/**
 * A broker that has these offsets, one after the other each time it is asked, and the last ones
 * ever after.
 */
function brokerWith(answers: readonly Offsets[], maxVersion: number, patienceMs = 60_000) {
  const asked: number[][] = [];
  class Fake {
    readonly versions = { 9: { maxVersion } };
    async offsetFetch({ topics }: OffsetFetchArguments) {
      const offsets = answers[Math.min(asked.length, answers.length - 1)] ?? [];
      const partitions = topics.flatMap((each) => each.partitions.map(({ partition }) => partition));
      asked.push(partitions);
      const fetched = partitions.map((partition) => {
        const offset = offsets[partition] ?? null;
        return {
          partition,
          offset: String(offset ?? -1),
          metadata: null,
          errorCode: offset === null ? UNSTABLE : 0,
        };
      });
      return { responses: [{ topic: 'in', partitions: fetched }] };
    }
  }
  const broker = new (brokerWithStableOffsets(Fake, patienceMs))();
  const fetch = async (more: { readonly asItIs?: true } = {}) => {
    const partitions = [0, 1].map((partition) => ({ partition, ...more }));
    const { responses } = await broker.offsetFetch({ groupId: 'g', topics: [{ topic: 'in', partitions }] });
    return responses.flatMap((each) =>
      each.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
  };
  return { asked, fetch };
}

test('only what is not stable yet is asked for again', async (t) => {
  const { asked, fetch } = brokerWith(
    [
      [7, null],
      [null, null],
      [null, 9],
    ],
    7,
  );
  t.deepEqual(await fetch(), [
    [0, 7],
    [1, 9],
  ]);
  t.deepEqual(asked, [[0, 1], [1], [1]]);
});

test('a transaction that stays open is named, with who ends it', async (t) => {
  const { fetch } = brokerWith([[7, null]], 7, 20);
  const error = await t.throwsAsync(fetch(), { instanceOf: UnstableOffsetError });
  t.regex(error?.message ?? '', /offset of in\/1 has not ended within 20 ms; .*transaction\.timeout\.ms/);
});

test('nobody waits who takes the offsets as they are', async (t) => {
  const { asked, fetch } = brokerWith([[7, null]], 7);
  await fetch({ asItIs: true });
  t.deepEqual(asked, [[0, 1]]);
});

test('a broker before Kafka 2.5 is asked until two answers agree', async (t) => {
  const { asked, fetch } = brokerWith(
    [
      [7, 3],
      [7, 5],
      [7, 5],
    ],
    6,
  );
  t.deepEqual(await fetch(), [
    [0, 7],
    [1, 5],
  ]);
  t.is(asked.length, 3);
});
