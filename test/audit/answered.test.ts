// What is answered above the committed offsets is found, however many crashes left it, and reading
// goes no further back than that.

import test from 'ava';
import { type AnsweredPlan, answeredAbove } from '../../src/audit/answered.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { batchOf, type TestRecord } from '../support/records.ts';

const header = (prefix: string, offset: number, partition: number, topic: string): TestRecord['headers'] => [
  [`${prefix}topic`, topic],
  [`${prefix}partition`, String(partition)],
  [`${prefix}offset`, String(offset)],
];

class Scene {
  readonly broker = new MemoryBroker();
  readonly sink = new MemorySink(this.broker);
  readonly lengths: Record<string, number> = { out: 0, dead: 0 };
  /** How many records were read, of both topics. */
  read = 0;

  constructor() {
    for (const topic of ['out', 'dead']) this.broker.createTopic(topic, 1);
  }

  /** Answers for the records from one offset up to another of that partition. */
  async answers(
    topic: 'out' | 'dead',
    from: number,
    until: number,
    partition = 0,
    input = 'in',
    id?: string,
  ): Promise<void> {
    const prefix = topic === 'out' ? '__scorelane.source.' : '__scorelane.errors.';
    const records = Array.from({ length: until - from }, (_, index) => ({
      key: null,
      value: 'v',
      headers: [
        ...(header(prefix, from + index, partition, input) ?? []),
        ...(id === undefined ? [] : [[`${prefix}topic.id`, id] as const]),
      ],
    }));
    for (let at = 0; at < records.length; at += 1_000) {
      await this.sink.produce([batchOf(topic, 0, records.slice(at, at + 1_000))]);
    }
    this.lengths[topic] = (this.lengths[topic] as number) + records.length;
  }

  plan(...committed: readonly number[]): AnsweredPlan {
    const topic = (name: string) => ({
      open: () => {
        const source = new MemorySource(this.broker, {
          groupId: `reader-${this.read}`,
          topic: name,
          reset: 'earliest' as const,
          fetchBytesMax: 2 ** 20,
        });
        const start = source.start.bind(source);
        source.start = (listener) =>
          start({
            ...listener,
            fetched: (...parts) => {
              for (const { header } of parts.flatMap(({ batches }) => batches))
                this.read += header.recordCount;
              listener.fetched(...parts);
            },
          });
        return source;
      },
      ranges: [{ from: 0, until: this.lengths[name] as number }],
    });
    return {
      inputTopic: 'in',
      inputTopicId: 'id',
      namedFrom: committed.map(() => Number.POSITIVE_INFINITY),
      results: topic('out'),
      deadLetters: topic('dead'),
      inflatedBytesMax: 2 ** 24,
      uncommitted: committed.map((from) => ({ from, until: 1e6 })),
    };
  }
}

const runsOf = async (plan: AnsweredPlan) =>
  (await answeredAbove(plan)).map((bitmap) => bitmap.runs(0, 1e6).map(({ from, until }) => [from, until]));

test('results and dead letters above the committed offset are found, each of its own partition and topic', async (t) => {
  const scene = new Scene();
  await scene.answers('out', 0, 40, 0);
  await scene.answers('dead', 40, 43, 0);
  await scene.answers('out', 43, 50, 0);
  await scene.answers('out', 0, 9, 1);
  await scene.answers('out', 60, 70, 0, 'another');
  t.deepEqual(await runsOf(scene.plan(30, 4)), [[[30, 50]], [[4, 9]]]);
});

test('an answer to a topic that had the name before is none; one that names no id is, below where the group names it (invariant 9)', async (t) => {
  const scene = new Scene();
  await scene.answers('out', 0, 20, 0, 'in', 'another id');
  await scene.answers('dead', 20, 25, 0, 'in', 'another id');
  await scene.answers('out', 25, 30, 0, 'in', 'id');
  await scene.answers('dead', 30, 33, 0, 'in', 'id');
  await scene.answers('out', 33, 40);
  const plan = scene.plan(0);
  t.deepEqual(await runsOf(plan), [[[25, 40]]]);
  t.deepEqual(await runsOf({ ...plan, namedFrom: [36] }), [[[25, 36]]]);
  t.deepEqual(await runsOf({ ...plan, inputTopicId: null, namedFrom: [0] }), [[[0, 40]]]);
});

test('several crashes in a row leave several runs: the longest is found, although a later one ends before it', async (t) => {
  const scene = new Scene();
  await scene.answers('out', 0, 30_000);
  for (const end of [29_000, 28_000, 27_500]) await scene.answers('out', 26_900, end);
  t.deepEqual(await runsOf(scene.plan(27_000)), [[[27_000, 30_000]]]);
});

test('what is committed is not read again, but for as much as shows that nothing else is there', async (t) => {
  const scene = new Scene();
  await scene.answers('out', 0, 40_000);
  t.deepEqual(await runsOf(scene.plan(39_000)), [[[39_000, 40_000]]]);
  t.true(scene.read < 25_000, `read ${scene.read}`);
});

test('where nothing was ever committed nothing is left out', async (t) => {
  const scene = new Scene();
  await scene.answers('out', 0, 100);
  const plan = scene.plan(0);
  t.deepEqual(await runsOf({ ...plan, uncommitted: [{ from: 100, until: 100 }] }), [[]]);
});
