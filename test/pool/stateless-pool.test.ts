// The pool: a worker that dies or hangs is replaced, its micro-batch is scored again, and a record
// that does it every time becomes a dead letter while its neighbours are scored once (invariants 6
// and 7).

import test from 'ava';
import { viewOf } from '../../src/base/int64.ts';
import { codecs } from '../../src/codec/codecs.ts';
import { AT } from '../../src/log/record-batch.ts';
import { BACKENDS } from '../../src/model/predictor.ts';
import { ModelHost } from '../../src/pool/model-host.ts';
import { type PoolOptions, StatelessPool } from '../../src/pool/stateless-pool.ts';
import { PiscinaThread, type PiscinaThreadOptions } from '../../src/pool/worker-thread.ts';
import type { ScorerSetup } from '../../src/worker-protocol/messages.ts';
import { COUNTS, deploymentOf, GROWTH, microBatchOf, outputsOf, transactions } from '../support/model.ts';

const faults = new URL('./fault-worker.ts', import.meta.url);
const slow = new URL('./slow-worker.ts', import.meta.url);

async function poolWith({
  onUsage,
  onTrialsLost,
  workers = 1,
  setup = {},
  ...more
}: Partial<PiscinaThreadOptions> &
  Pick<PoolOptions, 'onUsage' | 'onTrialsLost'> & {
    readonly workers?: number;
    readonly setup?: Partial<ScorerSetup>;
  } = {}): Promise<{
  pool: StatelessPool;
  lost: string[];
  retired: string[];
}> {
  const lost: string[] = [];
  const retired: string[] = [];
  const pool = new StatelessPool({
    hosts: Array.from({ length: workers }, () => {
      const thread = new PiscinaThread({ deadlineMs: 20_000, growth: GROWTH, ...more });
      return new ModelHost(thread, { onThreadLost: (why) => lost.push(why) });
    }),
    deployment: deploymentOf(setup),
    counts: { now: COUNTS },
    onThreadRetired: (why) => retired.push(why),
    ...(onUsage === undefined ? {} : { onUsage }),
    ...(onTrialsLost === undefined ? {} : { onTrialsLost }),
  });
  await pool.start();
  return { pool, lost, retired };
}

const records = (keys: readonly string[]) => {
  const values = transactions(keys.length);
  return keys.map((key, index) => ({ key, value: values[index] as Record<string, unknown> }));
};

test('outputs that are released are written over by the next ones, which are whole', async (t) => {
  const { pool } = await poolWith({ workers: 1 });
  const microBatch = () => microBatchOf(records(['a', 'b', 'c']));
  const first = await pool.score(microBatch());
  const wanted = structuredClone(outputsOf(first));
  pool.release(first.outputs);
  const second = await pool.score(microBatch());
  t.deepEqual(structuredClone(outputsOf(second)), wanted);
  const sent = first.outputs[0]?.bytes.buffer as ArrayBuffer;
  t.true(sent.detached, 'the buffer went back to a worker');
  pool.release(second.outputs);
  const tooSmall = await pool.score(microBatchOf(records(Array.from({ length: 5_000 }, (_, n) => `k${n}`))));
  t.is(outputsOf(tooSmall).length, 5_000, 'and one that is too small is outgrown');
  await pool.stop();
});

test('micro-batches come back scored, their buffers moved both ways', async (t) => {
  const { pool, lost } = await poolWith({ workers: 2 });
  const scored = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      pool.score(microBatchOf(records(['a', 'b', 'c']), 'msgpack', index * 3)),
    ),
  );
  await pool.stop();
  t.deepEqual(
    scored.map((each) => [each.scored, each.deadLetters]),
    scored.map(() => [3, 0]),
  );
  const offsets = scored
    .flatMap(outputsOf)
    .map(({ headers }) => Number(headers['__scorelane.source.offset']));
  t.deepEqual(
    offsets,
    Array.from({ length: 30 }, (_, index) => index),
  );
  t.deepEqual(lost, []);
});

for (const fault of ['exit', 'hang', 'throw'] as const) {
  test(`a record that makes its worker ${fault} becomes a dead letter, and its neighbours are scored once`, async (t) => {
    const { pool, lost } = await poolWith({
      workerUrl: faults,
      deadlineMs: fault === 'hang' ? 3_000 : 20_000,
    });
    const outcome = await pool.score(microBatchOf(records(['a', 'b', fault, 'c', 'd'])));
    const after = await pool.score(microBatchOf(records(['e'])));
    await pool.stop();
    const outputs = outputsOf(outcome);
    t.deepEqual(
      outputs.map(({ topic, key }) => `${topic} ${key}`).sort(),
      [`dead ${fault}`, 'out a', 'out b', 'out c', 'out d'].sort(),
    );
    const [dead] = outputs.filter(({ topic }) => topic === 'dead');
    t.is(dead?.headers['__scorelane.errors.code'], 'WORKER_LOST');
    t.is(dead?.headers['__scorelane.errors.offset'], '2');
    t.is(outcome.scored, 4);
    t.is(outcome.deadLetters, 1);
    t.is(after.scored, 1, 'the pool goes on');
    t.true(lost.length >= 2);
  });
}

test('a version that is tried and ends its thread costs no record: the next try is without it', async (t) => {
  const blamed: unknown[] = [];
  const { pool, lost } = await poolWith({ workerUrl: faults, onTrialsLost: (trials) => blamed.push(trials) });
  const trials = [{ deployment: 'm@2', kind: 'canary', share: 1 }] as const;
  const lanes = [
    ['a', 'tried', 'b'],
    ['c', 'd'],
  ].map((keys, partition) => ({ ...microBatchOf(records(keys)), partition, trials }));
  const alone = await pool.score(lanes[0] as (typeof lanes)[0]);
  const together = await Promise.all(pool.scoreTogether(lanes));
  await pool.stop();
  t.deepEqual(
    [alone, ...together].map(({ scored, deadLetters }) => [scored, deadLetters]),
    [
      [3, 0],
      [3, 0],
      [2, 0],
    ],
  );
  t.is(lost.length, 2, 'one thread for each try');
  t.deepEqual(blamed, [trials, trials], 'of which it is told');
});

test('a damaged record batch is an error of the batch, not of its records', async (t) => {
  const { pool } = await poolWith();
  const microBatch = microBatchOf(records(['a', 'b']));
  const bytes = microBatch.batches[0]?.bytes as Uint8Array;
  viewOf(bytes).setInt8(AT.records + 8, 99);
  await t.throwsAsync(pool.score(microBatch), { code: 'SCORELANE_DAMAGED_BATCH' });
  t.is((await pool.score(microBatchOf(records(['a'])))).scored, 1, 'the worker lives');
  await pool.stop();
});

test('lanes that share a task get their own answers, and the trouble of one is not that of the others', async (t) => {
  const { pool } = await poolWith({ workers: 2, workerUrl: faults, deadlineMs: 5_000 });
  const lanes = [['a', 'b'], ['c', 'exit', 'd'], ['e'], ['f', 'throw']].map((keys, partition) => ({
    ...microBatchOf(records(keys), 'msgpack', 10 * partition),
    partition,
  }));
  const damaged = { ...microBatchOf(records(['g'])), partition: 4 };
  viewOf(damaged.batches[0]?.bytes as Uint8Array).setInt8(AT.records + 8, 99);
  const scored = await Promise.allSettled(pool.scoreTogether([...lanes, damaged]));
  const [quiet] = await Promise.allSettled(pool.scoreTogether(lanes.slice(0, 1)));
  await pool.stop();
  t.deepEqual(
    scored.map((each) =>
      each.status === 'rejected'
        ? (each.reason as { code: string }).code
        : outputsOf(each.value).map(({ topic, key }) => `${topic} ${key}`),
    ),
    [
      ['out a', 'out b'],
      ['out c', 'out d', 'dead exit'],
      ['out e'],
      ['out f', 'dead throw'],
      'SCORELANE_DAMAGED_BATCH',
    ],
  );
  t.is(quiet?.status, 'fulfilled');
});

test('a record that hangs holds up the lanes of its task for a part of its own deadline', async (t) => {
  const { pool, lost } = await poolWith({ workers: 2, workerUrl: faults, deadlineMs: 24_000 });
  const lanes = [['hang'], ['a'], ['b']].map((keys, partition) => ({
    ...microBatchOf(records(keys)),
    partition,
  }));
  const [hanging, ...healthy] = pool.scoreTogether(lanes);
  hanging?.catch(() => {});
  const scored = await Promise.all(healthy);
  t.deepEqual(
    scored.map((each) => each.scored),
    [1, 1],
  );
  t.deepEqual(lost, ['a worker took longer than 3000 ms']);
  await pool.stop();
});

test('a pool whose model does not load says so at the start', async (t) => {
  const start = poolWith({ workers: 4, setup: { modelFolder: '/nowhere' } });
  await t.throwsAsync(start, {
    code: 'SCORELANE_MODEL',
    message: /^\/nowhere\/model\.yaml: expected a file that can be read/,
  });
});

for (const backend of BACKENDS) {
  test(`on ${backend} a score does not depend on which records share its predict call`, async (t) => {
    const all = records(Array.from({ length: 100 }, (_, index) => `k${index}`));
    const scores: string[][] = [];
    for (const predictRecordsMax of [1, 7, 64]) {
      const { pool } = await poolWith({ setup: { predictRecordsMax, backend } });
      const outcome = await pool.score(microBatchOf(all));
      await pool.stop();
      scores.push(
        outputsOf(outcome).map(({ value }) => {
          const bytes = value as Uint8Array;
          return JSON.stringify(codecs.msgpack.decode(bytes, 0, bytes.byteLength));
        }),
      );
    }
    t.deepEqual(scores[1], scores[0]);
    t.deepEqual(scores[2], scores[0]);
  });
}

test('a deadline or a heap that is too small for the model ends the start, and the key is named', async (t) => {
  const short = poolWith({ workers: 2, workerUrl: slow, deadlineMs: 50 });
  await t.throwsAsync(short, {
    code: 'SCORELANE_MODEL',
    message: /longer than 50 ms, which is scoring.deadline/,
  });
  const small = poolWith({ workers: 1, heapBytesMax: 2 ** 20 });
  await t.throwsAsync(small, { code: 'SCORELANE_MODEL', message: /within scoring.heapBytes, set it higher/ });
});

for (const leak of ['tensors', 'memory']) {
  test(`a thread that keeps ${leak} is replaced between two tasks, and no record is condemned or scored twice`, async (t) => {
    const growth = { bytesMax: 100 * 2 ** 20, tensorsMax: 500 };
    const { pool, lost, retired } = await poolWith({ workerUrl: faults, growth });
    const outputs = [];
    for (let offset = 0; retired.length < 2; offset += 2) {
      const microBatch = microBatchOf(records(['a', leak]), 'msgpack', offset);
      outputs.push(...outputsOf(await pool.score(microBatch)));
    }
    // The last thread has ended only once it was given another task.
    outputs.push(...outputsOf(await pool.score(microBatchOf(records(['a', 'b'])))));
    await pool.stop();
    t.deepEqual(lost, []);
    t.true(
      retired.every((why) =>
        why.includes(leak === 'tensors' ? 'scoring.growthTensors' : 'scoring.growthBytes'),
      ),
    );
    t.true(outputs.every(({ topic }) => topic === 'out'));
  });
}
