// How the answer to a fetch goes over to the lanes without kafkajs's queue: whole, in one call, and
// with the positions moved on as kafkajs would have moved them.

import test from 'ava';
import type { BatchMessage } from '../../src/kafka/batch-messages.ts';
import { handOver, type PartitionAnswer } from '../../src/kafka/fetched.ts';
import type { OffsetManager } from '../../src/kafka/kafkajs-group.ts';
import { Rest } from '../../src/kafka/rest.ts';
import type { Fetched } from '../../src/log/ports.ts';
import { splitRecordBatches } from '../../src/log/record-batch.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

/** The positions of partitions, as kafkajs keeps them. */
function positions(of: Record<number, number>) {
  const next = new Map(Object.entries(of).map(([partition, offset]) => [Number(partition), offset]));
  const manager = {
    nextOffset: (_: string, partition: number) => String(next.get(partition)),
    resolveOffset: ({ partition, offset }: { partition: number; offset: string }) =>
      void next.set(partition, Number(offset) + 1),
  };
  return { next, manager: manager as unknown as OffsetManager };
}

const [batch] = splitRecordBatches(Buffer.from(batchOf('in', 0, [{ key: 'k', value: 'v' }]).bytes));

/** What kafkajs makes of the answer for one partition: messages with these offsets. */
function answerOf(partition: number, from: number, offsets: readonly number[]): PartitionAnswer {
  const messages = offsets
    .filter((offset) => offset >= from)
    .map((offset) => ({ offset: String(offset), batch, skip: false }) as unknown as BatchMessage);
  return {
    topic: 'in',
    partition,
    fetchedOffset: String(from),
    highWatermark: '100',
    messages,
    isEmptyDueToFiltering: () => messages.length === 0 && offsets.length > 0,
    lastOffset: () => messages.at(-1)?.offset ?? String(from),
  };
}

/** Hands over, and says which partitions came in each call. */
function callsFor(answers: readonly PartitionAnswer[], manager: OffsetManager): number[][] {
  const calls: Fetched[][] = [];
  handOver(answers, manager, (...fetched) => void calls.push(fetched));
  return calls.map((call) => call.map(({ partition }) => partition));
}

test('everything that a fetch has brought comes in one call, and the positions stand behind it', (t) => {
  const { manager, next } = positions({ 0: 5, 1: 0, 2: 7 });
  const answers = [answerOf(0, 5, [9]), answerOf(1, 0, []), answerOf(2, 7, [8, 11])];
  t.deepEqual(callsFor(answers, manager), [[0, 2]]);
  t.deepEqual([...next.values()], [10, 0, 12]);
});

test('a fetch that has brought nothing calls nobody', (t) => {
  const { manager, next } = positions({ 0: 5 });
  t.deepEqual(callsFor([answerOf(0, 5, [])], manager), []);
  t.is(next.get(0), 5);
});

test('a position does not stay before messages that all lie below it', (t) => {
  const { manager, next } = positions({ 0: 5 });
  t.deepEqual(callsFor([answerOf(0, 5, [3, 4])], manager), []);
  t.is(next.get(0), 6);
});

test('an answer to a fetch from another position is stale: it moves no position back or over a gap', (t) => {
  const { manager, next } = positions({ 0: 25, 1: 5 });
  t.deepEqual(callsFor([answerOf(0, 10, [19]), answerOf(1, 10, [19])], manager), []);
  t.deepEqual([...next.values()], [25, 5]);
});

test('what nobody has taken is fetched again', (t) => {
  const { manager, next } = positions({ 0: 5 });
  const fails = (): void => {
    throw new Error('no');
  };
  t.throws(() => handOver([answerOf(0, 5, [9])], manager, fails), { message: 'no' });
  t.is(next.get(0), 5);
});

test('a rest ends by itself, or when it is told to, and a new one takes the place of the old', async (t) => {
  const rest = new Rest();
  t.is(rest.over, undefined);
  rest.begin(1);
  await rest.over;
  t.is(rest.over, undefined);
  rest.begin(600_000);
  const over = rest.over;
  rest.begin(0);
  await over;
  t.is(rest.over, undefined);
  rest.begin(600_000);
  rest.begin(1);
  await until('the end of the shorter', () => rest.over === undefined);
});

test('a long rest is waited for in pieces: heartbeats come in between', async (t) => {
  const rest = new Rest();
  rest.begin(600_000);
  await rest.over;
  t.not(rest.over, undefined);
  rest.begin(0);
});
