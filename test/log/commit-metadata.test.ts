// What stands beside a committed offset: it is read as it was written, and what others have written
// there says nothing.

import test from 'ava';
import {
  type CommitMetadata,
  readCommitMetadata,
  writeCommitMetadata,
} from '../../src/log/commit-metadata.ts';

const OURS: CommitMetadata = { topicId: 'an id', begun: 7, partitions: 4, placedBy: [3, 4], namedFrom: 9 };

/** Ours, with one field of the text replaced, or left out. */
const altered = (key: string, value?: unknown): string =>
  JSON.stringify({ ...(JSON.parse(writeCommitMetadata(OURS)) as object), [key]: value });

test('it is read as it was written, also where nobody knew the topic id or the beginning', (t) => {
  for (const of of [
    OURS,
    { ...OURS, topicId: null },
    { ...OURS, begun: null },
    { ...OURS, placedBy: [] },
    { ...OURS, begun: 0 },
  ])
    t.deepEqual(readCommitMetadata(writeCommitMetadata(of)), of);
});

test('the text is for other versions too: its keys stay', (t) => {
  t.is(
    writeCommitMetadata(OURS),
    '{"topic.id":"an id","begun":7,"partitions":4,"placed.by":[3,4],"named.from":9}',
  );
  t.deepEqual(
    readCommitMetadata(altered('placed.by')),
    { ...OURS, placedBy: [] },
    'an older version did not write it',
  );
  t.deepEqual(readCommitMetadata(altered('a key of a later version', 1)), OURS);
});

test('a text of others, or none, says nothing', (t) => {
  for (const text of [null, undefined, '', 'committed by me', '1', 'null', '"text"', '[]', '{}'])
    t.is(readCommitMetadata(text), null, String(text));
  for (const key of ['topic.id', 'begun', 'partitions', 'named.from']) {
    t.is(readCommitMetadata(altered(key)), null, `${key} is missing`);
    t.is(readCommitMetadata(altered(key, true)), null, `${key} is of another type`);
  }
  t.is(readCommitMetadata(altered('partitions', null)), null);
  t.is(readCommitMetadata(altered('named.from', null)), null);
  for (const counts of [null, 3, '3', { length: 0 }, [0], [-1], [1.5], ['3'], [3, null]])
    t.is(readCommitMetadata(altered('placed.by', counts)), null, JSON.stringify(counts));
});
