// Who gets what in a group whose members read different topics: only partitions of their own, as
// with Java's assignors. What another gets is lost to both: the one leaves it alone, the other does
// not have it.

import test from 'ava';
import { assignmentOf } from '../../src/kafka/assigner.ts';
import { loadKafkaJs } from '../../src/kafka/seam.ts';

const member = (
  memberId: string,
  topics: readonly string[],
  owned: readonly string[] = [],
  generation = 1,
) => ({
  memberId,
  topics,
  generation,
  owned: owned.map((key) => {
    const [topic, partition] = key.split('/');
    return { topic: topic as string, partition: Number(partition) };
  }),
});

function shared(members: ReturnType<typeof member>[], counts: Readonly<Record<string, number>>): object {
  const partitions = new Map(
    Object.entries(counts).map(([topic, count]) => [
      topic,
      Array.from({ length: count }, (_, index) => index),
    ]),
  );
  const { MemberAssignment } = loadKafkaJs().AssignerProtocol;
  return Object.fromEntries(
    assignmentOf(members, partitions).map(({ memberId, memberAssignment }) => [
      memberId,
      { ...MemberAssignment.decode(memberAssignment)?.assignment },
    ]),
  );
}

test('each member gets partitions of the topics that it reads alone', (t) => {
  const members = [member('m1', ['payments']), member('m2', ['orders']), member('m3', ['payments'])];
  t.deepEqual(shared(members, { payments: 4, orders: 3 }), {
    m1: { payments: [0, 1] },
    m2: { orders: [0, 1, 2] },
    m3: { payments: [2, 3] },
  });
});

test('what a member owns of a topic that it does not read goes to who reads it', (t) => {
  const members = [member('m1', ['payments'], ['orders/0', 'payments/1']), member('m2', ['orders'])];
  t.deepEqual(shared(members, { payments: 2, orders: 1 }), {
    m1: { payments: [1, 0] },
    m2: { orders: [0] },
  });
});

test('members that read several topics share them, and each keeps what it has', (t) => {
  const members = [
    member('m1', ['payments', 'orders'], ['payments/1', 'orders/0']),
    member('m2', ['payments', 'orders'], ['payments/0', 'orders/1']),
  ];
  t.deepEqual(shared(members, { payments: 2, orders: 2 }), {
    m1: { payments: [1], orders: [0] },
    m2: { payments: [0], orders: [1] },
  });
});

test('a topic that nobody can see leaves the others alone', (t) => {
  t.deepEqual(shared([member('m1', ['payments']), member('m2', ['gone'])], { payments: 1, gone: 0 }), {
    m1: { payments: [0] },
    m2: {},
  });
});
