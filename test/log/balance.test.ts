// Sharing partitions among members: complete, even, and with as little movement as can be.

import test from 'ava';
import fc from 'fast-check';
import { balance, balanceByTopic, type Membership } from '../../src/log/balance.ts';

const partitions = (count: number): string[] => Array.from({ length: count }, (_, index) => `t/${index}`);

const ownership = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 20 }))
  .chain(([members, count]) =>
    fc.tuple(
      fc.constant(members),
      fc.constant(count),
      fc.array(fc.integer({ min: -1, max: members - 1 }), { minLength: count, maxLength: count }),
    ),
  );

test('every partition has one owner, and the counts differ by one at most', (t) => {
  fc.assert(
    fc.property(ownership, ([members, count, owners]) => {
      const all = partitions(count);
      const owned = new Map(
        Array.from({ length: members }, (_, member) => [
          member,
          all.filter((_key, index) => owners[index] === member),
        ]),
      );
      const shared = balance(owned, all);
      t.deepEqual([...shared.values()].flat().sort(), [...all].sort());
      const counts = [...shared.values()].map(({ length }) => length);
      t.true(Math.max(...counts) - Math.min(...counts) <= 1);
      for (const [member, keys] of owned) {
        const kept = shared.get(member)?.filter((key) => keys.includes(key)).length ?? 0;
        t.true(
          kept >= Math.min(keys.length, shared.get(member)?.length ?? 0),
          'a member gave up what it could keep',
        );
      }
    }),
  );
});

test('nothing moves when nobody came or went', (t) => {
  const owned = new Map([
    ['a', ['t/3', 't/1']],
    ['b', ['t/0', 't/2', 't/4']],
  ]);
  t.deepEqual(balance(owned, partitions(5)), owned);
});

test('of two members that claim a partition the first keeps it', (t) => {
  const shared = balance(
    new Map([
      ['new', ['t/0']],
      ['old', ['t/0', 't/1']],
    ]),
    partitions(2),
  );
  t.deepEqual(shared.get('new'), ['t/0']);
  t.deepEqual(shared.get('old'), ['t/1']);
});

test('among nobody nothing is shared out', (t) => {
  t.is(balance(new Map(), partitions(3)).size, 0);
});

test('what a member owned of a topic that is gone is not shared out', (t) => {
  t.deepEqual(balance(new Map([['a', ['gone/0', 't/1']]]), partitions(2)), new Map([['a', ['t/1', 't/0']]]));
});

const TOPICS = ['t', 'u', 'v'];

const group = fc.array(
  fc.record({
    topics: fc.subarray([...TOPICS, 'missing']),
    owned: fc.subarray(TOPICS.flatMap((topic) => [0, 1, 2].map((index) => `${topic}/${index}`))),
  }),
  { maxLength: 5 },
);

test('members that read different topics get partitions of theirs alone; those of topics with the same readers are shared evenly', (t) => {
  fc.assert(
    fc.property(group, fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }), (memberships, counts) => {
      const members = new Map(
        memberships.map((membership, index): [number, Membership] => [index, membership]),
      );
      const existing = new Map(
        TOPICS.map((topic, index) => [
          topic,
          partitions(counts[index] as number).map((key) => key.replace('t', topic)),
        ]),
      );
      const shared = balanceByTopic(members, existing);
      t.deepEqual([...shared.keys()], [...members.keys()], 'all members have a part, if an empty one');
      const readersOf = (topic: string): number[] =>
        [...members].filter(([, { topics }]) => topics.includes(topic)).map(([member]) => member);
      const topicOf = (key: string): string => key.split('/')[0] as string;
      for (const [member, keys] of shared)
        for (const key of keys)
          t.true(readersOf(topicOf(key)).includes(member), `${member} does not read ${key}`);
      const read = TOPICS.filter((topic) => readersOf(topic).length > 0);
      t.deepEqual(
        [...shared.values()].flat().sort(),
        read.flatMap((topic) => existing.get(topic) ?? []).sort(),
      );
      for (const together of Map.groupBy(read, (topic) => readersOf(topic).join()).values()) {
        const own = readersOf(together[0] as string).map(
          (member) => shared.get(member)?.filter((key) => together.includes(topicOf(key))).length ?? 0,
        );
        t.true(Math.max(...own) - Math.min(...own) <= 1, own.join());
      }
    }),
  );
});

test('members that read different topics keep what they have', (t) => {
  const members = new Map<string, Membership>([
    ['a', { topics: ['t', 'u'], owned: ['t/1', 'u/0'] }],
    ['b', { topics: ['u', 't'], owned: ['t/0', 'u/1'] }],
    ['c', { topics: ['v'], owned: ['v/0'] }],
  ]);
  const existing = new Map([
    ['t', ['t/0', 't/1']],
    ['u', ['u/0', 'u/1']],
    ['v', ['v/0']],
  ]);
  t.deepEqual(
    balanceByTopic(members, existing),
    new Map([...members].map(([member, { owned }]) => [member, [...owned]])),
  );
});
