// What both log adapters must do: the contracts written on the ports, as tests. Run over the memory
// log in test/memory/conformance.test.ts and over a real Kafka broker in test/kafka/conformance.ts.

import type { TestFn } from 'ava';
import { type NextOffset, startingAt } from '../../src/log/offset.ts';
import {
  type AssignedPartition,
  FencedError,
  type Fetched,
  MissingTopicError,
  type Sink,
  type Source,
  type SourceListener,
} from '../../src/log/ports.ts';
import { keyOf, type TopicPartition } from '../../src/log/topic-partition.ts';
import { batchOf, recordsIn } from '../support/records.ts';
import { until } from '../support/until.ts';

export interface LogHarness {
  createTopic(topic: string, partitionCount: number): Promise<void>;
  /** Resolves when it can be made again. */
  deleteTopic(topic: string): Promise<void>;
  /** A member of a group that is to read a topic; the harness ends it after the test. */
  source(groupId: string, topic: string): Source;
  sink(): Sink;
  /**
   * Takes the partitions of a group's members away without asking them, as when their sessions
   * expire.
   */
  expel(groupId: string, sources: readonly Source[]): Promise<void>;
}

/** Writes down all that a source says. */
export class Recorder implements SourceListener {
  readonly events: string[] = [];
  readonly values = new Map<number, string[]>();
  readonly owned = new Map<string, NextOffset>();
  readonly fetches: Fetched[] = [];
  /** How long to stay with the answer to `revoking`. */
  settle: () => Promise<void> = async () => {};
  /** Called with each fetch, before the next one can begin. */
  onFetch: () => void = () => {};

  async revoking(partitions: readonly TopicPartition[]): Promise<void> {
    this.events.push(`revoking ${partitions.length}`);
    await this.settle();
    this.events.push('settled');
  }
  revoked(partitions: readonly TopicPartition[]): void {
    this.events.push(`revoked ${partitions.length}`);
    for (const partition of partitions) this.owned.delete(keyOf(partition));
  }
  lost(partitions: readonly TopicPartition[]): void {
    this.events.push(`lost ${partitions.length}`);
    for (const partition of partitions) this.owned.delete(keyOf(partition));
  }
  assigned(partitions: readonly AssignedPartition[]): void {
    this.events.push(`assigned ${partitions.length}`);
    this.owned.clear();
    for (const partition of partitions) this.owned.set(keyOf(partition), partition.position);
  }
  fetched(...parts: readonly Fetched[]): void {
    for (const part of parts) this.#receive(part);
    this.onFetch();
  }
  #receive(fetched: Fetched): void {
    this.fetches.push(fetched);
    const values = this.values.get(fetched.partition) ?? [];
    this.values.set(fetched.partition, values);
    for (const batch of fetched.batches) {
      if (batch.skip) continue;
      for (const { offset, value } of recordsIn(batch)) {
        if (offset >= fetched.from) values.push(value as string);
      }
    }
  }
  outOfRange(): void {
    this.events.push('outOfRange');
  }
  failed(error: Error): void {
    this.events.push(`failed ${error.message}`);
  }

  has(event: string): boolean {
    return this.events.includes(event);
  }
}

let names = 0;
export const unique = (what: string): string => `${what}-${process.pid}-${names++}`;

export function conformance(test: TestFn, harness: () => LogHarness): void {
  async function start(groupId: string, topic: string): Promise<{ source: Source; heard: Recorder }> {
    const source = harness().source(groupId, topic);
    const heard = new Recorder();
    await source.start(heard);
    return { source, heard };
  }

  async function topicWith(partitionCount: number, values: readonly string[] = []): Promise<string> {
    const topic = unique('topic');
    await harness().createTopic(topic, partitionCount);
    for (let partition = 0; partition < partitionCount; partition++) {
      for (const value of values) {
        await harness()
          .sink()
          .produce([batchOf(topic, partition, [{ key: 'k', value: `${value}${partition}` }])]);
      }
    }
    return topic;
  }

  test('a lone member is assigned every partition, from the start, and reads what was appended in order', async (t) => {
    const topic = await topicWith(3, ['a', 'b', 'c']);
    const { heard } = await start(unique('group'), topic);
    await until('all values', () => [...heard.values.values()].flat().length === 9);
    t.deepEqual([...heard.owned.values()], [0, 0, 0].map(startingAt));
    for (const partition of [0, 1, 2]) {
      t.deepEqual(heard.values.get(partition), [`a${partition}`, `b${partition}`, `c${partition}`]);
    }
    t.true(heard.fetches.every(({ highWatermark }) => highWatermark >= 1 && highWatermark <= 3));
  });

  test('members of one group that read different topics get partitions of their own alone', async (t) => {
    const [topics, group] = [[await topicWith(3, ['a']), await topicWith(2, ['b'])], unique('group')];
    const members = await Promise.all(topics.map((topic) => start(group, topic)));
    await until('every value where it belongs', () =>
      members.every(({ heard }, index) => heard.owned.size === 3 - index && heard.values.size === 3 - index),
    );
    for (const [index, { heard }] of members.entries())
      t.true([...heard.owned.keys()].every((key) => key.startsWith(`${topics[index]}/`)));
  });

  test('records keep their key, value, headers and timestamp', async (t) => {
    const topic = await topicWith(1);
    const record = {
      key: null,
      value: 'v',
      timestampMs: 1_234_567,
      headers: [['h', 'x'] as const, ['n', null] as const],
    };
    await harness()
      .sink()
      .produce([batchOf(topic, 0, [record], 'gzip')]);
    const { heard } = await start(unique('group'), topic);
    const fetched = await until('the record', () => heard.fetches[0]);
    const [batch] = fetched.batches;
    t.deepEqual(batch === undefined ? [] : recordsIn(batch), [{ ...record, offset: 0 }]);
  });

  test('a group goes on from what was committed, and a mid-batch position is honoured', async (t) => {
    const topic = await topicWith(1);
    const values = ['a', 'b', 'c', 'd'];
    await harness()
      .sink()
      .produce([
        batchOf(
          topic,
          0,
          values.map((value) => ({ key: 'k', value })),
        ),
      ]);
    const group = unique('group');
    const first = await start(group, topic);
    await until('the batch', () => first.heard.values.get(0)?.length === 4);
    await first.source.commit([{ topic, partition: 0, next: startingAt(2) }]);
    await first.source.stop();
    const second = await start(group, topic);
    await until('the rest', () => second.heard.values.get(0)?.length === 2);
    t.deepEqual(second.heard.values.get(0), ['c', 'd']);
    t.is(second.heard.owned.get(keyOf({ topic, partition: 0 })), startingAt(2));
  });

  test('a member that joins again loses what it owned first, and reads on from what was committed', async (t) => {
    const topic = await topicWith(1, ['a', 'b']);
    const { source, heard } = await start(unique('group'), topic);
    await until('both', () => heard.values.get(0)?.length === 2);
    await source.commit([{ topic, partition: 0, next: startingAt(1) }]);
    heard.values.clear();
    await source.rejoin();
    await until('what was not committed', () => heard.values.get(0)?.length === 1);
    t.deepEqual(heard.values.get(0), ['b0']);
    t.deepEqual(
      heard.events.filter((event) => event.startsWith('lost') || event.startsWith('assigned')),
      ['assigned 1', 'lost 1', 'assigned 1'],
    );
    await source.commit([{ topic, partition: 0, next: startingAt(2) }]);
  });

  test('a member that is asked twice at once to join again is one member still, and reads everything', async (t) => {
    const topic = await topicWith(2, ['a', 'b']);
    const { source, heard } = await start(unique('group'), topic);
    await until('all', () => [...heard.values.values()].flat().length === 4);
    heard.values.clear();
    await Promise.all([source.rejoin(), source.rejoin()]);
    await until('all once more', () => [...heard.values.values()].flat().length === 4);
    t.deepEqual([...heard.values.values()].flat().toSorted(), ['a0', 'a1', 'b0', 'b1']);
  });

  test('a source says where its topic ends', async (t) => {
    const topic = await topicWith(2, ['a', 'b']);
    const { source, heard } = await start(unique('group'), topic);
    await until('all', () => [...heard.values.values()].flat().length === 4);
    const ends = await source.logEnds();
    t.deepEqual(
      ends.toSorted((left, right) => left.partition - right.partition),
      [0, 1].map((partition) => ({ topic, partition, logEnd: 2 })),
    );
  });

  test('the log says which offset is the first of a time', async (t) => {
    const topic = unique('topic');
    await harness().createTopic(topic, 2);
    const records = [10, 30, 20, 50].map((seconds) => ({
      key: null,
      value: 'a',
      timestampMs: 1_700_000_000_000 + 1_000 * seconds,
    }));
    for (const record of records)
      await harness()
        .sink()
        .produce([batchOf(topic, 0, [record])]);
    const { source, heard } = await start(unique('group'), topic);
    await until('all', () => heard.values.get(0)?.length === 4);
    const of = { topic, partition: 0 };
    const found: number[] = [];
    for (const seconds of [Number.NEGATIVE_INFINITY, 0, 10, 10.001, 20, 30.5, 50, 51])
      found.push(await source.offsetAt(of, 1_700_000_000_000 + 1_000 * seconds));
    t.deepEqual(found, [0, 0, 0, 1, 1, 3, 3, 4]);
    t.is(await source.offsetAt({ topic, partition: 1 }, 0), 0, 'where there is nothing it is the end');
  });

  test('stopping commits nothing', async (t) => {
    const topic = await topicWith(1, ['a']);
    const group = unique('group');
    const first = await start(group, topic);
    await until('the value', () => first.heard.values.get(0)?.length === 1);
    await first.source.stop();
    const second = await start(group, topic);
    await until('the value again', () => second.heard.values.get(0)?.length === 1);
    t.deepEqual(second.heard.values.get(0), ['a0']);
  });

  test('what is asked of a source that stops is answered or fenced, and fenced afterwards', async (t) => {
    const topic = await topicWith(2, ['a']);
    const { source } = await start(unique('group'), topic);
    const ask = () => [source.logEnds(), source.offsetAt({ topic, partition: 0 }, 0)] as const;
    const before = ask();
    const stopped = source.stop();
    for (const each of await Promise.allSettled([...before, ...ask()]))
      t.true(each.status === 'fulfilled' || each.reason instanceof FencedError, JSON.stringify(each));
    await stopped;
    for (const each of ask()) await t.throwsAsync(each, { instanceOf: FencedError });
  });

  test('a pause holds one partition and no other, and a resume goes on without a gap', async (t) => {
    const topic = await topicWith(2, ['a']);
    const { source, heard } = await start(unique('group'), topic);
    await until('both', () => [...heard.values.values()].flat().length === 2);
    source.pause({ topic, partition: 0 });
    const sink = harness().sink();
    for (const value of ['b', 'c']) {
      await sink.produce([0, 1].map((partition) => batchOf(topic, partition, [{ key: 'k', value }])));
    }
    await until('the other', () => heard.values.get(1)?.length === 3);
    t.true((heard.values.get(0)?.length ?? 0) <= 2, 'at most what was being fetched when it was paused');
    source.resume({ topic, partition: 0 });
    await until('the rest', () => heard.values.get(0)?.includes('c'));
    t.deepEqual(heard.values.get(0), ['a0', 'b', 'c']);
  });

  test('a source that rests begins no fetch until the rest is over, or is ended', async (t) => {
    const topic = await topicWith(1, ['a']);
    const source = harness().source(unique('group'), topic);
    const heard = new Recorder();
    heard.onFetch = () => source.rest(600_000);
    await source.start(heard);
    await until('the value', () => heard.values.get(0)?.length === 1);
    for (const value of ['b', 'c']) {
      await harness()
        .sink()
        .produce([batchOf(topic, 0, [{ key: 'k', value }])]);
    }
    t.is((await source.logEnds())[0]?.logEnd, 3);
    t.deepEqual(heard.values.get(0), ['a0']);
    heard.onFetch = () => source.rest(1);
    source.rest(0);
    await until('what came meanwhile', () => heard.values.get(0)?.includes('c'));
    await harness()
      .sink()
      .produce([batchOf(topic, 0, [{ key: 'k', value: 'd' }])]);
    await until('the end of a rest by itself', () => heard.values.get(0)?.includes('d'));
    heard.onFetch = () => source.rest(600_000);
    await harness()
      .sink()
      .produce([batchOf(topic, 0, [{ key: 'k', value: 'e' }])]);
    await until('the last value', () => heard.values.get(0)?.includes('e'));
    await source.stop();
  });

  test('what comes in a rest comes after it, also where one rest follows the other', async (t) => {
    const restMs = 40;
    const topic = await topicWith(1, ['a']);
    const source = harness().source(unique('group'), topic);
    const heard = new Recorder();
    const fetchedMs: number[] = [];
    heard.onFetch = () => {
      fetchedMs.push(performance.now());
      source.rest(restMs);
    };
    await source.start(heard);
    await until('the value', () => heard.values.get(0)?.length === 1);
    const values = Array.from({ length: 30 }, (_, number) => `b${number}`);
    const sink = harness().sink();
    for (const value of values) await sink.produce([batchOf(topic, 0, [{ key: 'k', value }])]);
    await until('all', () => heard.values.get(0)?.length === 1 + values.length);
    t.deepEqual(heard.values.get(0), ['a0', ...values]);
    const gaps = fetchedMs.slice(1).map((ms, index) => ms - (fetchedMs[index] as number));
    // Clocks count in whole milliseconds.
    t.deepEqual(
      gaps.filter((ms) => ms < restMs - 2),
      [],
    );
    await source.stop();
  });

  test('a seek goes to where it says, back or forth', async (t) => {
    const topic = await topicWith(1, ['a', 'b', 'c']);
    const { source, heard } = await start(unique('group'), topic);
    await until('all', () => heard.values.get(0)?.length === 3);
    source.seek({ topic, partition: 0 }, startingAt(1));
    await until('again', () => heard.values.get(0)?.length === 5);
    t.deepEqual(heard.values.get(0), ['a0', 'b0', 'c0', 'b0', 'c0']);
  });

  test('a second member gets its share only after the first has settled, which keeps the rest', async (t) => {
    const topic = await topicWith(4, ['a']);
    const group = unique('group');
    const first = await start(group, topic);
    await until('all', () => [...first.heard.values.values()].flat().length === 4);
    let settle: () => void = () => {};
    first.heard.settle = () =>
      new Promise((resolve) => {
        settle = resolve;
      });
    const second = harness().source(group, topic);
    const heard = new Recorder();
    const started = second.start(heard);
    await until('the first to be asked', () =>
      first.heard.events.some((event) => event.startsWith('revoking')),
    );
    t.is(heard.owned.size, 0, 'nothing is given away before it is settled');
    const commits = [...first.heard.owned.keys()].map((key) => ({
      topic,
      partition: Number(key.split('/')[1]),
      next: startingAt(1),
    }));
    await first.source.commit(commits);
    settle();
    await started;
    await until('the second to have its share', () => heard.owned.size === 2);
    await until('the first to know', () => first.heard.owned.size === 2);
    t.deepEqual(
      [...heard.owned.values()],
      [1, 1].map(startingAt),
      'what was committed while settling counts',
    );
    const both = [...first.heard.owned.keys(), ...heard.owned.keys()];
    t.is(new Set(both).size, 4, 'no partition has two owners');
    t.true(first.heard.has('revoked 2'));
    t.false(first.heard.events.some((event) => event.startsWith('lost')));
  });

  test('what a member leaves is taken over by the others', async (t) => {
    const topic = await topicWith(2, ['a']);
    const group = unique('group');
    const first = await start(group, topic);
    await until('all', () => first.heard.owned.size === 2);
    const second = await start(group, topic);
    await until('a share each', () => first.heard.owned.size === 1 && second.heard.owned.size === 1);
    await second.source.stop();
    await until('all again', () => first.heard.owned.size === 2);
    t.pass();
  });

  test('partitions that were taken without asking are lost, a commit is then fenced, and the member comes back', async (t) => {
    const topic = await topicWith(2, ['a']);
    const group = unique('group');
    const { source, heard } = await start(group, topic);
    await until('all', () => [...heard.values.values()].flat().length === 2);
    let fenced: Promise<unknown> | undefined;
    const lost = heard.lost.bind(heard);
    heard.lost = (partitions) => {
      lost(partitions);
      fenced ??= source.commit([{ topic, partition: 0, next: startingAt(1) }]).then(
        () => 'committed',
        (error: unknown) => error,
      );
    };
    await harness().expel(group, [source]);
    await until('the loss', () => heard.has('lost 2'));
    t.true((await fenced) instanceof FencedError);
    await until('to be back', () => heard.owned.size === 2);
    await until('all again', () => [...heard.values.values()].flat().length === 4);
    t.deepEqual([...heard.owned.values()], [0, 0].map(startingAt), 'nothing was committed');
  });

  test('a pause does not outlive the ownership it was made in', async (t) => {
    const topic = await topicWith(1, ['a']);
    const group = unique('group');
    const { source, heard } = await start(group, topic);
    await until('the value', () => heard.values.get(0)?.length === 1);
    source.pause({ topic, partition: 0 });
    await harness().expel(group, [source]);
    await until('the value again', () => heard.values.get(0)?.length === 2);
    t.pass();
  });

  test('batches for one partition are appended in the order of the calls, however many are under way', async (t) => {
    const topic = await topicWith(2);
    const sink = harness().sink();
    const sends = Array.from({ length: 30 }, (_, index) =>
      sink.produce([0, 1].map((partition) => batchOf(topic, partition, [{ key: 'k', value: `${index}` }]))),
    );
    await Promise.all(sends);
    const { heard } = await start(unique('group'), topic);
    await until('all', () => [...heard.values.values()].flat().length === 60);
    const expected = Array.from({ length: 30 }, (_, index) => `${index}`);
    t.deepEqual(heard.values.get(0), expected);
    t.deepEqual(heard.values.get(1), expected);
  });

  test('several batches for one partition in one call are appended one after the other', async (t) => {
    const topic = await topicWith(1);
    const batches = ['a', 'b', 'c'].map((value) =>
      batchOf(topic, 0, [
        { key: 'k', value },
        { key: 'k', value },
      ]),
    );
    await harness().sink().produce(batches);
    const { heard } = await start(unique('group'), topic);
    await until('all', () => heard.values.get(0)?.length === 6);
    t.deepEqual(heard.values.get(0), ['a', 'a', 'b', 'b', 'c', 'c']);
  });

  test('a topic that does not exist is an error by name', async (t) => {
    await t.throwsAsync(harness().sink().partitionCount('nowhere'), {
      instanceOf: MissingTopicError,
      message: /nowhere/,
    });
  });
}
