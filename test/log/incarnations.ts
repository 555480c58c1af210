// What both log adapters must do with a topic that was deleted and made again under the same name:
// it is another log (invariant 9). A part of the conformance suite.

import type { TestFn } from 'ava';
import { startingAt } from '../../src/log/offset.ts';
import type { AssignedPartition } from '../../src/log/ports.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';
import { type LogHarness, Recorder, unique } from './conformance.ts';

class AssignmentRecorder extends Recorder {
  readonly assignments: AssignedPartition[] = [];
  /** What was fetched when it was assigned last. */
  fetchedBefore = 0;

  override assigned(partitions: readonly AssignedPartition[]): void {
    super.assigned(partitions);
    this.assignments.push(...partitions);
    this.fetchedBefore = this.values.get(0)?.length ?? 0;
  }
}

export function incarnations(test: TestFn, harness: () => LogHarness): void {
  const produce = (topic: string, values: readonly string[]) =>
    harness()
      .sink()
      .produce([
        batchOf(
          topic,
          0,
          values.map((value) => ({ key: 'k', value })),
        ),
      ]);

  async function start(group: string, topic: string) {
    const source = harness().source(group, topic);
    const heard = new AssignmentRecorder();
    await source.start(heard);
    return { source, heard };
  }

  test('a topic that is made again is read from its start, under a name of its own, though it is longer than the old one (invariant 9)', async (t) => {
    const [topic, group] = [unique('remade'), unique('group')];
    await harness().createTopic(topic, 1);
    await produce(topic, ['old0', 'old1', 'old2']);
    const { source, heard } = await start(group, topic);
    await until('the old records', () => heard.values.get(0)?.length === 3);
    const [first] = heard.assignments;
    await source.commit([{ topic, partition: 0, next: startingAt(3), metadata: first?.metadata ?? '' }]);
    await harness().deleteTopic(topic);
    await harness().createTopic(topic, 1);
    const values = Array.from({ length: 6 }, (_, index) => `new${index}`);
    await produce(topic, values);
    await until('the new records', () => heard.values.get(0)?.includes('new5'));
    t.deepEqual(heard.values.get(0), ['old0', 'old1', 'old2', ...values]);
    t.is(heard.fetchedBefore, 3, 'it was assigned again before anything of it was brought');
    const second = heard.assignments.at(-1);
    t.deepEqual(
      [second?.position, second?.uncommitted, second?.replaces],
      [startingAt(0), true, first?.incarnation],
    );
    t.not(second?.incarnation, first?.incarnation);

    // A commit of the old one that comes late is in its place, and is not taken for one of the new.
    await source.commit([{ topic, partition: 0, next: startingAt(3), metadata: first?.metadata ?? '' }]);
    await source.stop();
    const { source: later, heard: again } = await start(group, topic);
    await until('the new records again', () => again.values.get(0)?.length === 6);
    t.is(again.assignments[0]?.replaces, first?.incarnation);
    await later.commit([
      { topic, partition: 0, next: startingAt(4), metadata: again.assignments[0]?.metadata ?? '' },
    ]);
    await later.stop();
    const { heard: last } = await start(group, topic);
    await until('the rest', () => last.values.get(0)?.length === 2);
    const [third] = last.assignments;
    t.deepEqual(
      [third?.position, third?.uncommitted, third?.replaces],
      [startingAt(4), undefined, undefined],
    );
  });
}
