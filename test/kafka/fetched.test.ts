// How the answer to a fetch goes over to the lanes without kafkajs's queue: whole, in one call, and
// with the positions moved on as kafkajs would have moved them.

import test from 'ava';
import { FetchWaits, type FetchWaitsOptions } from '../../src/kafka/fetch-waits.ts';
import { handOver } from '../../src/kafka/fetched.ts';
import type { OffsetManager } from '../../src/kafka/kafkajs-group.ts';
import { type FetchingGroup, OwnFetch } from '../../src/kafka/own-fetch.ts';
import { Rest } from '../../src/kafka/rest.ts';
import { Unanswered } from '../../src/kafka/unanswered.ts';
import type { Fetched } from '../../src/log/ports.ts';
import { type RawRecordBatch, splitRecordBatches } from '../../src/log/record-batch.ts';
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

/** A fetch of one partition from an offset, and what the broker answers: batches that end there. */
interface Exchange {
  readonly partition: number;
  readonly from: number;
  readonly ends: readonly number[];
}

const messagesOf = (ends: readonly number[]): RawRecordBatch[] =>
  ends.map((lastOffset) => ({ ...batch, header: { ...batch?.header, lastOffset } }) as RawRecordBatch);

function exchange(
  exchanges: readonly Exchange[],
  manager: OffsetManager,
  take: (...parts: readonly Fetched[]) => void,
  held: readonly number[] = [],
): boolean {
  const asked = exchanges.map(({ partition, from }) => ({
    partition,
    fetchOffset: String(from),
    maxBytes: 1,
  }));
  const answers = exchanges.map(({ partition, ends }) => ({
    partition,
    highWatermark: '100',
    messages: messagesOf(ends),
  }));
  const isHeld = (_: string, partition: number): boolean => held.includes(partition);
  const answer = [{ topicName: 'in', partitions: answers }];
  return handOver([{ topic: 'in', partitions: asked }], answer, { manager, isHeld, take });
}

/** Hands over, and says which partitions came in each call. */
function callsFor(
  exchanges: readonly Exchange[],
  manager: OffsetManager,
  held?: readonly number[],
): number[][] {
  const calls: (readonly Fetched[])[] = [];
  exchange(exchanges, manager, (...parts) => void calls.push(parts), held);
  return calls.map((call) => call.map(({ partition }) => partition));
}

const at = (partition: number, from: number, ends: readonly number[]): Exchange => ({
  partition,
  from,
  ends,
});

test('everything that a fetch has brought comes in one call, and the positions stand behind it', (t) => {
  const { manager, next } = positions({ 0: 5, 1: 0, 2: 7 });
  const answers = [at(0, 5, [9]), at(1, 0, []), at(2, 7, [8, 11])];
  t.deepEqual(callsFor(answers, manager), [[0, 2]]);
  t.deepEqual([...next.values()], [10, 0, 12]);
});

test('a fetch that has brought nothing calls nobody', (t) => {
  const { manager, next } = positions({ 0: 5 });
  t.deepEqual(callsFor([at(0, 5, [])], manager), []);
  t.is(next.get(0), 5);
});

test('a position does not stay before messages that all lie below it', (t) => {
  const { manager, next } = positions({ 0: 5 });
  t.deepEqual(callsFor([at(0, 5, [3, 4])], manager), []);
  t.is(next.get(0), 6);
});

test('an answer to a fetch from another position is stale: it moves no position back or over a gap', (t) => {
  const { manager, next } = positions({ 0: 25, 1: 5 });
  t.deepEqual(callsFor([at(0, 10, [19]), at(1, 10, [19])], manager), []);
  t.deepEqual([...next.values()], [25, 5]);
});

test('what comes of a partition that is paused, or is to go on elsewhere, is fetched again when it is wanted', (t) => {
  const { manager, next } = positions({ 0: 5, 1: 5 });
  t.deepEqual(callsFor([at(0, 5, [9]), at(1, 5, [9])], manager, [1]), [[0]]);
  t.deepEqual([...next.values()], [10, 5]);
});

test('what nobody has taken is fetched again', (t) => {
  const { manager, next } = positions({ 0: 5 });
  const fails = (): void => {
    throw new Error('no');
  };
  t.throws(() => exchange([at(0, 5, [9])], manager, fails), { message: 'no' });
  t.is(next.get(0), 5);
});

test('the waits of empty fetches grow while nothing comes, and are short again with the first record or a wake', (t) => {
  const waits = new FetchWaits({ fixedMs: undefined, bytesMin: 1, heartbeatMs: 3_000 });
  const waited = (): number => {
    const ms = waits.of(1, true);
    waits.ended(1, true);
    return ms;
  };
  const grown = [100, 200, 400, 500, 500];
  t.deepEqual(
    grown.map(() => waited()),
    grown,
  );
  t.is(waits.of(1, false), 100, 'while a partition is paused: it may be resumed');
  t.is(waits.of(2, true), 100, 'another broker');
  waits.ended(1, false);
  t.is(waited(), 100);
  waits.wake();
  t.is(waited(), 100);
});

test('the waits of empty fetches are what is configured, fit between heartbeats, and do not grow where records may wait', (t) => {
  const third = (options: Omit<FetchWaitsOptions, 'heartbeatMs'>, heartbeatMs = 3_000): number => {
    const waits = new FetchWaits({ ...options, heartbeatMs });
    for (const _ of [1, 2, 3]) waits.ended(1, true);
    return waits.of(1, true);
  };
  t.is(third({ fixedMs: 30, bytesMin: 1 }), 30);
  t.is(third({ fixedMs: undefined, bytesMin: 1 }, 200), 200);
  t.is(third({ fixedMs: undefined, bytesMin: 1_000 }), 100);
});

test('where there is nothing to ask a broker for, a wake ends the wait', async (t) => {
  const waits = new FetchWaits({ fixedMs: 600_000, bytesMin: 1, heartbeatMs: 3_000 });
  const idle = waits.idle(1);
  waits.wake();
  await t.notThrowsAsync(idle);
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

test('a fetch owes an answer until the broker has said something, if only that it is wrong', async (t) => {
  let nowMs = 0;
  const unanswered = new Unanswered(() => nowMs);
  const refreshed: (string | null)[] = [];
  const failures: (Error | null)[] = [
    new Error('Request Fetch(key: 1, version: 13) timed out'),
    Object.assign(new Error('not the leader'), { type: 'NOT_LEADER_FOR_PARTITION' }),
    new RangeError('an answer that cannot be read'),
    null,
  ];
  const { manager } = positions({ 0: 5 });
  const broker = {
    fetch: async () => {
      nowMs += 30_000;
      const failure = failures.shift() ?? null;
      if (failure !== null) throw failure;
      return { responses: [] };
    },
  };
  const group = {
    cluster: {
      refreshMetadataIfNecessary: async () => {
        // It waits for an answer too.
        nowMs += 20_000;
        refreshed.push(unanswered.inWords);
      },
      findBroker: async () => broker,
      findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    },
    offsetManager: {
      ...manager,
      memberAssignment: { in: [0] },
      committedOffsets: () => ({ in: { 0: '5' } }),
    },
    seekOffset: new Map(),
    checkForStaleAssignment: () => {},
    isPaused: () => false,
    recoverFromFetch: async () => {},
  };
  const waits = new FetchWaits({ fixedMs: undefined, bytesMin: 1, heartbeatMs: 3_000 });
  const hooks = { waits, unanswered, fetched: () => {} };
  const fetching = new OwnFetch(group as unknown as FetchingGroup, hooks);
  const said: (string | null)[] = [];
  const late = 'broker 1 has not answered for more than 10 s';
  while (failures.length > 0) {
    await fetching.from(1);
    said.push(unanswered.inWords);
  }
  t.deepEqual(said, [late, null, null, null]);
  t.deepEqual(refreshed, [null, late, null, null]);
});

test('a long rest is waited for in pieces: heartbeats come in between', async (t) => {
  const rest = new Rest();
  rest.begin(600_000);
  await rest.over;
  t.not(rest.over, undefined);
  rest.begin(0);
});
