// Where a lane begins: what is committed of this topic counts, what is of one that had its name
// does not, and what came into being while the group was there is the group's from its start on.

import test from 'ava';
import {
  type CommittedPlace,
  firstPosition,
  placeOf,
  type TopicNow,
} from '../../src/kafka/first-positions.ts';
import { readCommitMetadata, writeCommitMetadata } from '../../src/log/commit-metadata.ts';

const ours = (topicId: string, partitions = 2, placedBy: readonly number[] = [partitions]) => ({
  topicId,
  begun: 3,
  partitions,
  placedBy,
  namedFrom: 5,
});
const committed = (
  partition: number,
  offset: number | null,
  metadata: CommittedPlace['metadata'] = null,
) => ({
  partition,
  offset,
  metadata,
});
const now = (more: Partial<TopicNow>): TopicNow => ({
  topic: 'in',
  topicId: 'b',
  topicIdBefore: null,
  partitionCount: 4,
  committed: [],
  reset: 'latest',
  ...more,
});

test('a new group begins where auto.offset.reset says, and commits that', (t) => {
  t.is(placeOf(now({}), 0), 'end');
  t.is(placeOf(now({ reset: 'earliest' }), 0), 'start');
  const first = firstPosition(now({}), 0, 'end', 7);
  t.like(first, { position: 7, uncommitted: true, incarnation: 'b', replaces: undefined });
  const metadata = { topicId: 'b', begun: 7, partitions: 4, placedBy: [4], namedFrom: 7 };
  t.deepEqual(readCommitMetadata(first.metadata), metadata);
});

test('what is committed of this topic is used, and its text goes on', (t) => {
  const own = committed(0, 9, ours('b'));
  const topic = now({ committed: [own, committed(1, null)] });
  t.is(placeOf(topic, 0), own);
  const first = firstPosition(topic, 0, own, 9);
  t.like(first, { position: 9, uncommitted: undefined, replaces: undefined });
  t.deepEqual(readCommitMetadata(first.metadata), ours('b'));
});

test('what is committed without our text is used as it is, and committed again with it', (t) => {
  const own = committed(0, 9);
  const first = firstPosition(now({ committed: [own] }), 0, own, 9);
  t.like(first, { position: 9, uncommitted: true });
  const metadata = { topicId: 'b', begun: null, partitions: 4, placedBy: [4], namedFrom: 9 };
  t.deepEqual(readCommitMetadata(first.metadata), metadata);
});

test('what is committed of a topic that had the name is not used: the new one begins at its start, whatever the reset', (t) => {
  const topic = now({ committed: [committed(0, 9, ours('a')), committed(1, null)] });
  t.is(placeOf(topic, 0), 'start');
  t.is(placeOf(topic, 1), 'start', 'one of which nothing was committed too');
  t.like(firstPosition(topic, 0, 'start', 0), { position: 0, uncommitted: true, replaces: 'a' });
  t.is(placeOf(now({ topicIdBefore: 'a' }), 0), 'start', 'or when only this process remembers the old one');
});

test('partitions that came after the group had begun with the topic begin at their start; others where it says', (t) => {
  const topic = now({ committed: [committed(0, 9, ours('b', 3)), committed(1, 9, ours('b', 2))] });
  t.is(placeOf(topic, 2), 'start');
  const others = now({ committed: [committed(0, 9, ours('b', 4))] });
  t.is(placeOf(others, 1), 'end', 'its owner has not come to commit where it began');
});

test('the counts by which records may have been placed are kept, and those of a topic that had the name are not', (t) => {
  const grown = now({
    partitionCount: 6,
    committed: [
      committed(0, 9, ours('b', 4)),
      committed(5, 9, ours('b', 5, [5])),
      committed(1, 9, ours('a', 7)),
    ],
  });
  const first = firstPosition(grown, 0, grown.committed[0] as CommittedPlace, 9);
  t.like(
    first,
    { partitionCount: 6, placedBy: [4, 5, 6], uncommitted: true },
    'what is new is committed at once',
  );
  t.deepEqual(readCommitMetadata(first.metadata)?.placedBy, [4, 5, 6]);
  const again = now({ partitionCount: 6, committed: [committed(0, 9, ours('b', 4, [4, 5, 6]))] });
  t.is(firstPosition(again, 0, again.committed[0] as CommittedPlace, 9).uncommitted, undefined);
  t.deepEqual(firstPosition(grown, 5, 'start', 0).placedBy, [6], 'a new partition has no records of before');
});

test('text of others beside an offset is none of ours', (t) => {
  for (const text of [null, undefined, '', 'x', '3', 'null', '[]', '{"topic.id":3}', '{"partitions":1}'])
    t.is(readCommitMetadata(text), null, String(text));
  const { 'placed.by': _, ...before } = JSON.parse(writeCommitMetadata(ours('a'))) as Record<string, unknown>;
  t.deepEqual(readCommitMetadata(JSON.stringify(before)), ours('a', 2, []), 'what a version before wrote');
  t.deepEqual(readCommitMetadata(writeCommitMetadata(ours('a'))), ours('a'));
});
