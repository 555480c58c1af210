// A range of history is read from where it begins to where it ends, and no group is committed for.
// What the log no longer has does not hold up the end.

import test from 'ava';
import { startingAt } from '../../src/log/offset.ts';
import type { AssignedPartition, Fetched, OutOfRange, Source, SourceListener } from '../../src/log/ports.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { type HistoryPart, RangeSource } from '../../src/rescoring/range-source.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

const TOPIC = 'input';

/** Two partitions with ten record batches of ten records. */
function log(): { readonly broker: MemoryBroker; readonly inner: MemorySource } {
  const broker = new MemoryBroker();
  broker.createTopic(TOPIC, 2);
  for (const partition of broker.partitions(TOPIC))
    for (let batch = 0; batch < 10; batch++)
      partition.append(
        batchOf(
          TOPIC,
          0,
          Array.from({ length: 10 }, () => ({ key: null, value: 'x' })),
        ).bytes,
      );
  const inner = new MemorySource(broker, {
    groupId: 'live',
    topic: TOPIC,
    reset: 'earliest',
    fetchBytesMax: 300,
  });
  return { broker, inner };
}

interface Heard extends SourceListener {
  readonly batches: Fetched['batches'][number][];
  positions: readonly AssignedPartition[];
  failure: Error | undefined;
}

/** Answers what comes at once, as an engine that is quick. */
function hearing(source: () => Source): Heard {
  const heard: Heard = {
    batches: [],
    positions: [],
    failure: undefined,
    revoking: async () => {},
    revoked: () => {},
    lost: () => {},
    failed: (error) => {
      heard.failure = error;
    },
    assigned: (partitions) => {
      heard.positions = partitions;
    },
    outOfRange: () => {},
    fetched(...parts) {
      for (const { topic, partition, batches } of parts) {
        heard.batches.push(...batches);
        void source().commit([{ topic, partition, next: batches.at(-1)?.header.next ?? startingAt(0) }]);
      }
    },
  };
  return heard;
}

const never = (event: OutOfRange): void => {
  throw new Error(`gone: ${event.position}`);
};

test('it reads the record batches of the range, and ends in the middle of the last', async (t) => {
  const { broker, inner } = log();
  const parts: HistoryPart[] = [
    { position: 35, until: 62 },
    { position: 80, until: 100 },
  ];
  const source = new RangeSource(inner, parts, never);
  const heard = hearing(() => source);
  await source.start(heard);
  await source.done;
  await source.stop();
  const first = heard.batches.map(({ header }) => header.baseOffset);
  t.deepEqual(
    first.toSorted((left, right) => left - right),
    [30, 40, 50, 60, 80, 90],
  );
  t.deepEqual(
    parts.map(({ position }) => position),
    [70, 100],
  );
  t.deepEqual(
    heard.positions.map(({ position }) => position),
    [35, 80] as never,
  );
  t.is(broker.committed('live', { topic: TOPIC, partition: 0 }), undefined);
});

test('a range that holds nothing is done at once', async (t) => {
  const { inner } = log();
  const source = new RangeSource(
    inner,
    [
      { position: 20, until: 20 },
      { position: 0, until: 0 },
    ],
    never,
  );
  const heard = hearing(() => source);
  await source.start(heard);
  await source.done;
  await source.stop();
  t.deepEqual(heard.batches, []);
});

test('it is not done before everything is answered', async (t) => {
  const { inner } = log();
  const parts: HistoryPart[] = [
    { position: 0, until: 15 },
    { position: 0, until: 0 },
  ];
  const source = new RangeSource(inner, parts, never);
  const heard = hearing(() => source);
  let isDone = false;
  void source.done.then(() => {
    isDone = true;
  });
  await source.start({
    ...heard,
    fetched: (...parts) => heard.batches.push(...parts.flatMap((each) => each.batches)),
  });
  await until('both batches', () => heard.batches.length === 2);
  t.false(isDone);
  await source.commit([{ topic: TOPIC, partition: 0, next: startingAt(10) }]);
  await Promise.resolve();
  t.false(isDone);
  await source.commit([{ topic: TOPIC, partition: 0, next: startingAt(20) }]);
  await source.done;
  t.true(isDone);
  await source.stop();
});

test('a seek back, as for windows, reads again, also after the end', async (t) => {
  const { inner } = log();
  const parts: HistoryPart[] = [
    { position: 90, until: 100 },
    { position: 0, until: 0 },
  ];
  const source = new RangeSource(inner, parts, never);
  const heard = hearing(() => source);
  const batches: number[] = [];
  await source.start({
    ...heard,
    fetched: (...fetched) => {
      for (const each of fetched) batches.push(...each.batches.map(({ header }) => header.baseOffset));
    },
  });
  await until('the last batch', () => batches.includes(90));
  source.seek({ topic: TOPIC, partition: 0 }, startingAt(70));
  await until('the batches before', () => batches.length === 4);
  t.deepEqual(batches, [90, 70, 80, 90]);
  await source.commit([{ topic: TOPIC, partition: 0, next: startingAt(100) }]);
  await source.done;
  await source.stop();
});

test('the log ends where the range does, so that nothing behind it counts as lag', async (t) => {
  const { inner } = log();
  const source = new RangeSource(
    inner,
    [
      { position: 0, until: 15 },
      { position: 0, until: 40 },
    ],
    never,
  );
  const heard = hearing(() => source);
  await source.start(heard);
  await source.done;
  const ends = await source.logEnds();
  // The record batch that holds offset 14 goes on to 20, and was read.
  t.deepEqual(
    ends.map(({ logEnd }) => logEnd),
    [20, 40],
  );
  await source.stop();
});

test('a topic that was made again ends the replay: its offsets mean nothing', async (t) => {
  const { broker, inner } = log();
  const source = new RangeSource(
    inner,
    [
      { position: 0, until: 1_000 },
      { position: 0, until: 0 },
    ],
    never,
  );
  const heard = hearing(() => source);
  await source.start(heard);
  await until('what is there', () => heard.batches.length === 10);
  broker.deleteTopic(TOPIC);
  broker.createTopic(TOPIC, 2);
  await until('a failure', () => heard.failure !== undefined);
  t.is((heard.failure as NodeJS.ErrnoException).code, 'SCORELANE_HISTORY_GONE');
  await source.stop();
});

test('what the log has dropped is told of once, as far as it is in the range and was not answered', async (t) => {
  const { inner } = log();
  const told: (readonly [number, number])[] = [];
  const parts: HistoryPart[] = [
    { position: 35, until: 62 },
    { position: 80, until: 100 },
  ];
  const source = new RangeSource(inner, parts, ({ position, resumedAt }) => told.push([position, resumedAt]));
  let listener: SourceListener | undefined;
  inner.start = async (given) => {
    listener = given;
  };
  const heard = hearing(() => source);
  await source.start(heard);
  const gone = (position: number, resumedAt: number): void =>
    listener?.outOfRange({ topic: TOPIC, partition: 0, position, resumedAt } as unknown as OutOfRange);
  gone(10, 30);
  t.deepEqual(told, [], 'they only went into windows');
  gone(10, 40);
  gone(30, 50);
  gone(50, 90);
  t.deepEqual(told, [
    [35, 40],
    [40, 50],
    [50, 62],
  ]);
});
