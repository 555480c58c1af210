// Backpressure (invariant 5) at its limit: a lane fetches while one more fetch fits into its share,
// and not one byte beyond.

import test from 'ava';
import { step } from '../../src/engine/dispatcher.ts';
import type { Effect } from '../../src/engine/messages.ts';
import { newEngine } from '../../src/engine/state.ts';
import { startingAt } from '../../src/log/offset.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { batchOf } from '../support/records.ts';
import { limits as base } from './world.ts';

const lane = { topic: 'in', partition: 0 };
const { bytes } = batchOf('in', 0, [{ key: 'k', value: 'v' }]);
const batch = { header: readHeader(bytes), bytes, skip: false };

/**
 * What is said when one batch comes in, under a budget that leaves so many bytes beyond that batch
 * and one fetch.
 */
function afterOneBatch(spareBytes: number): Effect[] {
  const limits = { ...base, fetchBytesMax: 1_000, budgetBytes: bytes.byteLength + 1_000 + spareBytes };
  const engine = newEngine(limits);
  step(engine, { type: 'assigned', partitions: [{ ...lane, position: startingAt(0) }] }, 1);
  const fetched = { ...lane, from: startingAt(0), batches: [batch], highWatermark: 1 };
  return step(engine, { type: 'fetched', fetched }, 1);
}

const pauses = (effects: readonly Effect[]): number => effects.filter(({ type }) => type === 'pause').length;

test('a lane whose bytes and one more fetch are exactly lanes.budget goes on fetching', (t) => {
  t.is(pauses(afterOneBatch(0)), 0);
});

test('with one byte more it pauses', (t) => {
  t.is(pauses(afterOneBatch(-1)), 1);
});
