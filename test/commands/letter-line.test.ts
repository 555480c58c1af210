// `scorelane dlq show` shows every dead letter, whatever is in it: one that it cannot print would
// hide all behind it.

import test from 'ava';
import fc from 'fast-check';
import type { DeadLetter } from '../../src/answers/dead-letter.ts';
import type { Int64 } from '../../src/base/int64.ts';
import { codecs, INPUT_FORMATS } from '../../src/codec/codecs.ts';
import { letterLine } from '../../src/commands/letter-line.ts';
import { anyInt64 } from '../support/int64.ts';

const LETTER = {
  own: [{ key: 'h', value: Uint8Array.of(0xff) }],
  reason: { code: 'X' },
} as unknown as DeadLetter;

const shown = (timestamp: Int64, value: Uint8Array | null, format: (typeof INPUT_FORMATS)[number]) => {
  const record = { offset: 7, timestamp, key: () => null, value: () => value };
  const line = letterLine(LETTER, record, 1, format);
  return { line, found: JSON.parse(line) as { timestamp: string; value: unknown } };
};

test('a time in nanoseconds stands there with its digits, one in milliseconds as a date', (t) => {
  t.is(shown(1_700_000_000_123, null, 'json').found.timestamp, '2023-11-14T22:13:20.123Z');
  t.is(shown(1_700_000_000_123_456_789n, null, 'json').found.timestamp, '1700000000123456789');
});

test('integers past 2^53 keep their digits', (t) => {
  const id = 2n ** 64n - 1n;
  t.true(shown(0, codecs.msgpack.encode({ id }), 'msgpack').line.includes(`${id}`));
  t.true(shown(0, Buffer.from(`{"id":${id}}`), 'json').line.includes(`${id}`));
});

test('whatever the timestamp and the bytes are, it is one line of JSON', (t) => {
  fc.assert(
    fc.property(
      anyInt64(),
      fc.option(fc.uint8Array()),
      fc.constantFrom(...INPUT_FORMATS),
      (timestamp, value, format) => {
        const { line, found } = shown(timestamp, value, format);
        t.false(line.includes('\n'));
        t.deepEqual(Object.keys(found), [
          'partition',
          'offset',
          'timestamp',
          'reason',
          'key',
          'value',
          'headers',
        ]);
      },
    ),
  );
});
