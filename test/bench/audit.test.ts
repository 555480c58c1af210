// A bench run whose output is wrong is void, whatever was wrong: a result that is missing, out of
// order, of an unknown record or with another score.

import '../../src/process.ts';
import test from 'ava';
import { audit, type Expected } from '../../bench/harness/audit.ts';
import { type MemoryLog, memoryLog } from '../../bench/harness/memory-log.ts';
import { VoidRunError } from '../../bench/harness/result.ts';
import { forward, mlp } from '../../bench/models/mlp.ts';
import { featuresOf, idOf } from '../../bench/workload.ts';
import { codecs } from '../../src/codec/codecs.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';

const MODEL = 'mlp-30-8-1';
const SENT = 50;
const model = mlp(MODEL);
const scoreOf = (number: number): number => forward(model, featuresOf(number, model.width));
const all = Array.from({ length: SENT }, (_, number) => number);

/** A log whose output topic holds these results, all in one partition. */
async function logWith(
  numbers: readonly number[],
  score: (number: number) => number = scoreOf,
  deadLetters = 0,
): Promise<{ readonly log: MemoryLog; readonly expected: Expected }> {
  const log = memoryLog();
  const job = await log.createJob(2);
  await append(
    log,
    job.output,
    numbers.map((number) => ({ id: idOf(number), score: score(number) })),
  );
  await append(log, job.deadLetters, Array(deadLetters).fill({ id: idOf(0) }));
  const expected = { job, sent: SENT, scored: SENT, format: 'msgpack' as const, model: MODEL };
  return { log, expected };
}

async function append(log: MemoryLog, topic: string, values: readonly object[]): Promise<void> {
  if (values.length === 0) return;
  const writer = new RecordBatchWriter();
  for (const value of values) writer.appendRecord(1_000, null, Buffer.from(codecs.msgpack.encode(value)));
  await log.sink.produce([{ topic, partition: 1, ...writer.finish() }]);
}

test('results that are all there, in order and right pass; repeats are counted', async (t) => {
  const { log, expected } = await logWith([...all, 10, 11]);
  t.like(await audit(log, expected), { results: SENT + 2, repeats: 2, sampled: 1 });
});

const wrong: Readonly<Record<string, Parameters<typeof logWith>>> = {
  'a missing result': [all.filter((number) => number !== 7)],
  'a missing result, hidden by a repeat': [all.map((number) => (number === 7 ? 6 : number))],
  'a result out of order': [all.map((number) => (number === 7 ? 8 : number === 8 ? 7 : number))],
  'a result of a record that was never sent': [[...all, SENT + 1]],
  'a score of another record': [all, (number: number) => scoreOf(number + 1)],
  'a score that is no number': [all, () => Number.NaN],
  'a dead letter': [all, scoreOf, 1],
};

for (const [what, given] of Object.entries(wrong)) {
  test(`${what} makes the run void`, async (t) => {
    const { log, expected } = await logWith(...given);
    await t.throwsAsync(audit(log, expected), { instanceOf: VoidRunError });
  });
}

test('a peer that was stopped early must have the results that it says it has', async (t) => {
  const { log, expected } = await logWith(all.slice(0, 20));
  await t.notThrowsAsync(audit(log, { ...expected, scored: 20 }));
  await t.throwsAsync(audit(log, { ...expected, scored: 21 }), { instanceOf: VoidRunError });
});
