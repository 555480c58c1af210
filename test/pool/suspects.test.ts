// Records that are suspected are given one by one, wherever they stand: offsets that hold none cost
// nothing, however many they are.

import test from 'ava';
import { Suspects } from '../../src/pool/suspects.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';

const FAR = 2 ** 40;
const microBatch = (first: number, next: number): MicroBatch =>
  ({ topic: 'in', partition: 0, first, next }) as unknown as MicroBatch;

test('what was lost with a thread is given record by record, over gaps of any size', (t) => {
  const suspects = new Suspects();
  const all = microBatch(0, 2 * FAR);
  t.false(suspects.concern(all));
  suspects.lost(all, { first: 10, until: FAR + 2, alone: null }, 'exit');
  t.true(suspects.concern(all));
  const pieces = suspects.pieces(all, [3, 4, 10, FAR, FAR + 1, FAR + 7, 2 * FAR - 1]);
  t.deepEqual(
    pieces.map(({ first, until, alone }) => [first, until, alone]),
    [
      [0, 10, null],
      [10, FAR, 10],
      [FAR, FAR + 1, FAR],
      [FAR + 1, FAR + 7, FAR + 1],
      [FAR + 7, 2 * FAR, null],
    ],
  );
  suspects.passed(all, FAR + 7);
  t.false(suspects.concern(all), 'all of them are done');
});

test('a record that is alone and loses its thread again is not scored, then not even read', (t) => {
  const suspects = new Suspects();
  const all = microBatch(0, FAR);
  const treatments = (): string[] => suspects.pieces(all, [5, FAR - 1]).map(({ treatment }) => treatment);
  const seen: string[][] = [];
  for (let losses = 0; losses < 4; losses++) {
    seen.push(treatments());
    suspects.lost(all, { first: 0, until: FAR - 1, alone: 5 }, 'exit');
  }
  t.deepEqual(seen, [['score'], ['score', 'score'], ['take', 'score'], ['leave', 'score']]);
  t.true(suspects.concern(microBatch(5, 6)));
  t.false(suspects.concern(microBatch(6, FAR)), 'nobody else has to be given alone');
});

test('a micro-batch without records is one piece', (t) => {
  t.deepEqual(
    new Suspects().pieces(microBatch(7, FAR), []).map(({ first, until }) => [first, until]),
    [[7, FAR]],
  );
});
