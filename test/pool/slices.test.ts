// Jobs that share threads: a task is not interrupted, so none may be long, or another job waits for
// all of it. Slices are the whole micro-batch, record for record.

import { setImmediate as settled } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { type NextOffset, startingAt } from '../../src/log/offset.ts';
import { FreeThreads } from '../../src/pool/free-threads.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { cutByRecords, Slices } from '../../src/pool/slices.ts';
import { StatelessPool } from '../../src/pool/stateless-pool.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { NO_OUTCOME } from '../../src/scoring/outcome.ts';
import { COUNTS, deploymentOf, GROWTH, microBatchOf, outputsOf, transactions } from '../support/model.ts';

/** One micro-batch of record batches with so many records each, and gaps before them. */
function batchesOf(sizes: readonly number[], gaps: readonly number[] = []): MicroBatch {
  const values = transactions(Math.max(0, ...sizes));
  let offset = 0;
  const each = sizes.map((size, index) => {
    offset += gaps[index] ?? 0;
    const one = microBatchOf(
      values.slice(0, size).map((value) => ({ key: 'k', value })),
      'msgpack',
      offset,
    );
    offset += size;
    return one;
  });
  return {
    ...(each[0] as MicroBatch),
    first: startingAt(0),
    next: offset as NextOffset,
    batches: each.flatMap(({ batches }) => batches),
  };
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });

test('slices are the whole micro-batch without a gap, cut between record batches, and small enough where one batch is', (t) => {
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(3)), fc.integer({ min: 1, max: 30 }), (counts, gaps, recordsMax) => {
      const microBatch = batchesOf(counts, gaps);
      const slices = cutByRecords(microBatch, recordsMax);
      t.is(slices[0]?.first, microBatch.first);
      t.is(slices.at(-1)?.until, microBatch.next);
      for (const [index, { first, until }] of slices.entries()) {
        if (index > 0) t.is(first, slices[index - 1]?.until as number);
        const inside = microBatch.batches.filter(
          ({ header }) => header.baseOffset >= first && header.next <= until,
        );
        const records = inside.reduce((sum, { header }) => sum + header.recordCount, 0);
        t.true(inside.length === 1 || records <= recordsMax);
      }
    }),
  );
});

test('a micro-batch is cut by what its records have taken, and only where other jobs share the threads', (t) => {
  const microBatch = batchesOf([4, 4, 4]);
  for (const [isContended, predictMs, count] of [
    [true, 0.1, 1],
    [true, 20, 3],
    [false, 20, 1],
  ] as const) {
    const slices = new Slices({ isContended });
    t.is(slices.of(microBatch).length, 1, 'nothing is known yet');
    slices.took({ ...NO_OUTCOME, scored: 10, predictMs });
    t.is(slices.of(microBatch).length, count);
  }
});

test('a large micro-batch gives another job its turn in between, and has the answers that it has in one task', async (t) => {
  const host = new ModelHost(new PiscinaThread({ deadlineMs: 60_000, growth: GROWTH }), {
    onThreadLost: (why) => t.fail(why),
  });
  // Slower than any machine: what was asked lately stays so.
  let nowMs = 0;
  const threads = new FreeThreads([host], () => (nowMs += 0.1));
  const turns = threads.turns();
  const pool = new StatelessPool({
    hosts: [host],
    deployment: deploymentOf(),
    turns,
    counts: { now: COUNTS },
    onThreadRetired: (why) => t.fail(why),
  });
  await pool.start();
  // Far more than may go in one task, however fast the machine is.
  const microBatch = batchesOf(Array.from({ length: 64 }, () => 2_000));
  const alone = await pool.score(microBatch);
  const other = threads.turns();
  const score = pool.score(batchesOf([100]));
  other.release(await other.acquire());
  await score;
  await pool.score(batchesOf([100]));
  let isWhole = false;
  const shared = pool.score(microBatch).then((outcome) => {
    isWhole = true;
    return outcome;
  });
  await other.acquire();
  await settled();
  t.false(isWhole, 'the other job had to wait for all of it');
  other.release(host);
  const outcome = await shared;
  t.deepEqual(outputsOf(outcome), outputsOf(alone));
  t.is(outcome.scored, 128_000);
  await pool.stop();
  await host.stop();
});
