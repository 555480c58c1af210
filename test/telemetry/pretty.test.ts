// A line of the log as people read it.

import test from 'ava';
import { prettifier } from '../../src/telemetry/pretty.ts';

const plain = prettifier(false);
const line = (fields: object): string =>
  plain(`${JSON.stringify({ level: 30, time: '2026-01-31T12:00:00.123Z', ...fields })}\n`);

test('a line has columns: time, level, words, then what belongs to it as key=value', (t) => {
  const [time, ...rest] = line({ partitions: ['in/0@0', 'in/1@5'], lag: 7, msg: 'assigned' }).split(
    / {2,}|: +/,
  );
  t.regex(time ?? '', /^\d\d:\d\d:\d\d\.123 INFO$/);
  t.deepEqual(rest, ['assigned', 'partitions=in/0@0,in/1@5', 'lag=7\n']);
});

test('the words of all levels begin in the same column', (t) => {
  const at = [10, 20, 30, 40, 50, 60].map((level) => line({ level, msg: 'words' }).indexOf('words'));
  t.deepEqual([...new Set(at)].length, 1, `${at}`);
});

test('text with spaces is quoted, and what has parts is on the same line', (t) => {
  const found = line({ why: 'two words', none: '', queue: { p50: 1, p99: 2 }, msg: 'report' });
  t.true(found.endsWith('  why="two words"  none=""  queue={ p50: 1, p99: 2 }\n'), found);
});

test('a stack follows on lines of its own', (t) => {
  t.regex(
    line({ stack: 'TypeError: x\n    at a.ts:1', msg: 'words' }),
    /words\nTypeError: x\n {4}at a\.ts:1\n$/,
  );
});

test('a value that was refused tells the terminal nothing', (t) => {
  const evil = '\u001b]0;title\u0007 \u009b31m';
  const found = line({ evil, list: [evil], parts: { evil }, stack: evil, msg: `refused: ${evil}` });
  t.notRegex(found, /(?!\n)\p{Cc}/u);
  t.true(found.includes('refused: \\x1b]0;title\\x07 \\x9b31m'), found);
});
