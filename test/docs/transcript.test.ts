// The comparison of documents with what commands print must be able to fail.

import test from 'ava';
import { commandsIn, isRecorded, sessionIn } from '../support/transcript.ts';

test('commands are read without their comments, over continued lines', (t) => {
  const text =
    '# title\n```sh\nnpm run a -- --b # why\n# only a comment\nnpm run \\\n  c\n```\n```yaml\nd: 1\n```\n';
  t.deepEqual(commandsIn(text), ['npm run a -- --b', 'npm run c']);
});

test('a session is read with what came', (t) => {
  t.deepEqual(sessionIn('```console\n$ one\nfirst\n…\n$ two\n```\n'), [
    { command: 'one', answer: ['first', '…'] },
    { command: 'two', answer: [] },
  ]);
});

test('only what is left out may differ', (t) => {
  t.true(isRecorded(['scored … records', '…', 'end'], 'scored 12 records\nmore\nand more\nend\n'));
  t.true(isRecorded(['…', 'end'], 'end\n'));
  t.true(isRecorded([], ''));
  t.false(isRecorded([], 'something\n'));
  t.false(isRecorded(['end'], 'end\nmore\n'));
  t.false(isRecorded(['scored … records'], 'scored 12\n'));
  t.false(isRecorded(['a.c'], 'abc\n'));
});
