// Where a lane begins: what is committed of this topic counts, what is of one that had its name does not, and what came into
// being while the group was there is the group's from its start on.

import test from 'ava';
import { type Committed, firstPosition, placeOf, type TopicNow } from '../../src/kafka/first-positions.ts';
import { readCommitMetadata, writeCommitMetadata } from '../../src/log/commit-metadata.ts';

const ours = (topicId: string, partitions = 2) => ({ topicId, begun: 3, partitions, namedFrom: 5 });
const committed = (partition: number, offset: number | null, metadata: Committed['metadata'] = null) => ({
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
  t.deepEqual(readCommitMetadata(first.metadata), { topicId: 'b', begun: 7, partitions: 4, namedFrom: 7 });
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
  t.deepEqual(readCommitMetadata(first.metadata), { topicId: 'b', begun: null, partitions: 4, namedFrom: 9 });
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

test('text of others beside an offset is none of ours', (t) => {
  for (const text of [null, undefined, '', 'x', '3', 'null', '[]', '{"topic.id":3}', '{"partitions":1}'])
    t.is(readCommitMetadata(text), null, String(text));
  t.deepEqual(readCommitMetadata(writeCommitMetadata(ours('a'))), ours('a'));
});
