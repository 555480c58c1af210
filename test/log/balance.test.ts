// Sharing partitions among members: complete, even, and with as little movement as can be.

import test from 'ava';
import fc from 'fast-check';
import { balance } from '../../src/log/balance.ts';

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
