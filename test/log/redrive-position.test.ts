// How far dead letters were sent back: letters that a code left out are sent later, none is sent
// twice, and what is known of a topic is not taken for another that has its name.

import test from 'ava';
import fc from 'fast-check';
import {
  nextToSend,
  type RedrivePosition,
  readRedrivePosition,
  redriveMetadata,
  sentUpTo,
} from '../../src/log/redrive-position.ts';

const position = (all: number, codes: Readonly<Record<string, number>> = {}): RedrivePosition => ({
  all,
  codes: new Map(Object.entries(codes)),
});
const committed = (of: RedrivePosition, topicId: string | null) => ({
  offset: of.all,
  metadata: redriveMetadata(of, topicId),
});

test('whatever is sent back by code and without, in whatever order, each letter is sent exactly once', (t) => {
  const CODES = ['A', 'B', 'C'];
  const letters = fc.array(fc.constantFrom(...CODES), { maxLength: 30 });
  const runs = fc.array(fc.tuple(fc.option(fc.constantFrom(...CODES), { nil: undefined }), fc.nat(30)));
  fc.assert(
    fc.property(letters, runs, (codes, some) => {
      const sent = codes.map(() => 0);
      let at = position(0);
      for (const [code, wanted] of [...some, [undefined, codes.length] as const]) {
        const from = nextToSend(at, code);
        const until = Math.max(from, Math.min(wanted, codes.length));
        for (let offset = from; offset < until; offset++) {
          const own = codes[offset] as string;
          if (code !== undefined && code !== own) continue;
          if (offset >= nextToSend(at, own)) sent[offset] = (sent[offset] as number) + 1;
        }
        const after = sentUpTo(at, code, until);
        at = readRedrivePosition(committed(after, 'id'), { topicId: 'id', end: codes.length });
        t.deepEqual(at, after);
      }
      t.true(sent.every((times) => times === 1));
      t.is(at.codes.size, 0, 'nothing is kept of codes that all have caught up with');
    }),
  );
});

test('what was committed of a topic that had the name before, or reaches past the end, is not used', (t) => {
  const before = position(5, { A: 9 });
  const now = { topicId: 'new', end: 20 };
  t.deepEqual(readRedrivePosition(committed(before, 'old'), now), position(0));
  t.deepEqual(readRedrivePosition(committed(before, 'new'), now), before);
  t.deepEqual(readRedrivePosition(committed(before, null), now), before);
  t.deepEqual(readRedrivePosition(committed(position(21), null), now), position(0));
  t.deepEqual(readRedrivePosition(committed(position(5, { A: 9, B: 21 }), null), now), position(5, { A: 9 }));
  t.deepEqual(readRedrivePosition(undefined, now), position(0));
  const atEnd = position(20, { A: 20 });
  t.deepEqual(
    readRedrivePosition(committed(atEnd, 'new'), now),
    atEnd,
    'all are sent, and the topic is the same',
  );
  t.deepEqual(
    readRedrivePosition(committed(before, 'old'), { topicId: null, end: 20 }),
    before,
    'the broker tells no id',
  );
  t.deepEqual(
    readRedrivePosition({ offset: -1, metadata: redriveMetadata(before, 'new') }, now),
    position(0),
    'no commit',
  );
  t.deepEqual(readRedrivePosition(committed(position(0, { A: 9 }), 'new'), now), position(0, { A: 9 }));
});

test('an offset beside which no text of ours stands is taken as it is', (t) => {
  for (const metadata of [null, '', 'x', '1', '{"topic.id":7,"codes":{"A":"b"}}'])
    t.deepEqual(readRedrivePosition({ offset: 7, metadata }, { topicId: 'id', end: 9 }), position(7));
});
