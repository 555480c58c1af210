// Times in a CSV file mean the same on every machine: ISO 8601 is in UTC where it does not say.

import test from 'ava';
import { timeIn } from '../../src/written/time-text.ts';

const NOON_MS = Date.UTC(2024, 6, 1, 12);

test('a time without a zone is in UTC, one with a zone is in that', (t) => {
  for (const text of [
    '2024-07-01T12:00',
    '2024-07-01 12:00:00',
    '2024-07-01T12:00:00.000Z',
    '2024-07-01 12:00:00+00:00',
  ])
    t.is(timeIn(text), NOON_MS, text);
  for (const text of ['2024-07-01T14:00:00+02:00', '2024-07-01T14:00:00+0200', '2024-07-01 14:00 +02'])
    t.is(timeIn(text), NOON_MS, text);
  t.is(timeIn('2024-07-01'), Date.UTC(2024, 6, 1));
  t.is(timeIn('2024-07-01 12:00:00.123456789'), NOON_MS + 123);
});

test('what is no ISO 8601 is no time', (t) => {
  for (const text of [
    '',
    'July 1, 2024',
    '1/7/2024',
    '12:00',
    '2024-13-01',
    '2024-07-01T25:00',
    '2024-07-01T12',
  ])
    t.true(Number.isNaN(timeIn(text)), text);
});
