// What keeps a record out of the windows: a time that is astray, and a field that does not
// determine the partition.

import test from 'ava';
import { Gathered, Panes } from '../../src/features/panes.ts';
import { planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { ownsIn } from '../../src/worker/states/copartition.ts';

const planWith = (
  by: string | undefined,
  state: object,
  partition = 0,
  partitionCount = 1,
  nowMs = () => Date.now(),
): StatefulPlan =>
  new StatefulPlan(
    [planInput.parse({ window: { function: 'count', by, size: '1h' } })],
    stateSchema.parse(state),
    ownsIn(partition, [partitionCount]),
    undefined,
    nowMs,
  );

/** The count of the window, or the code of the refusal. */
function count(
  plan: StatefulPlan,
  record: object,
  timestampMs: number,
  key: Uint8Array | null,
): number | string {
  const row = new Float32Array(1);
  return plan.fill(record, row, 0, timestampMs, key)?.code ?? (row[0] as number);
}

test('with a drift, a record whose time lies further from its timestamp is refused, and moves no watermark', (t) => {
  const plan = planWith('c', { time: 'at', drift: '10s' });
  t.is(count(plan, { c: 1, at: 100_000 }, 100_000, null), 1);
  t.is(count(plan, { c: 1, at: 200_000 }, 110_000, null), 'TIME_ASTRAY');
  t.is(count(plan, { c: 1, at: 90_000 }, 110_000, null), 'TIME_ASTRAY');
  t.is(count(plan, { c: 1, at: 105_000 }, 110_000, null), 2);
  t.is(plan.state.counts.late, 0);
  t.deepEqual(plan.reach, { ms: plan.state.reachMs, driftMs: 10_000 });
});

test('without one any time is taken, and nothing bounds how far back a state reaches', (t) => {
  const plan = planWith('c', { time: 'at' });
  t.is(count(plan, { c: 1, at: 200_000_000 }, 110_000, null), 1);
  t.is(plan.reach.driftMs, Number.POSITIVE_INFINITY);
  t.is(planWith('c', {}).reach.driftMs, 0, "a record's own timestamp is its time");
});

test('a time that no date can have is refused in words before the windows see it; the last that one can have is taken', (t) => {
  const seconds = planWith('c', { time: 'at', unit: 's', ahead: 'unbounded' });
  t.is(count(seconds, { c: 1, at: 1e30 }, 0, null), 'NOT_A_TIME');
  t.is(count(seconds, { c: 1, at: 1e306 }, 0, null), 'NOT_A_TIME', 'infinite in milliseconds');
  const nanoseconds = seconds.fill({ c: 1, at: 1_767_225_600_000_000_000 }, new Float32Array(1), 0, 0, null);
  t.regex(nanoseconds?.message ?? '', /field "at" is 1767225600000000000, expected a time in s since 1970/);
  const own = planWith('c', { ahead: 'unbounded' });
  const rejection = own.fill({ c: 1 }, new Float32Array(1), 0, 1_767_225_600_000_000_000, null);
  t.regex(rejection?.message ?? '', /^the record's timestamp is 1767225600000000000, expected a time in ms/);
  t.is(count(own, { c: 1 }, Number.NaN, null), 'NOT_A_TIME');
  for (const atMs of [-8.64e15, 1_000, 8.64e15]) t.is(count(own, { c: 1 }, atMs, null), 1);
  t.is(count(own, { c: 1 }, 8.64e15, null), 2);
  t.is(own.state.counts.late, 0);
});

test('panes are gathered in so many steps as there are, whatever their numbers', (t) => {
  const panes = new Panes(1, 4, ['count'], 1);
  panes.reserve(1);
  const gathered = new Gathered();
  for (const number of [2 ** 60, -(2 ** 60), 1e300]) panes.gatherDown(0, number, number - 1, gathered);
  panes.gatherDown(0, 2 ** 40, 0, gathered);
  t.is(gathered.count, 0);
});

const DAY_MS = 86_400_000;
const YEAR_2200_MS = Date.UTC(2200, 0, 1);

test('a record that is dated far ahead of the clock is refused in words and counted, and makes no other late', (t) => {
  let nowMs = 1_000_000;
  for (const [state, recordOf] of [
    [{}, () => ({ c: 1 })],
    [{ time: 'at' }, (at: number) => ({ c: 1, at })],
    [{ time: 'at', drift: '1h' }, (at: number) => ({ c: 1, at })],
  ] as const) {
    const plan = planWith('c', state, 0, 1, () => nowMs);
    const taken = (timeMs: number): number | string => count(plan, recordOf(timeMs), timeMs, null);
    nowMs = 1_000_000;
    t.is(taken(1_000_000), 1);
    t.is(taken(YEAR_2200_MS), 'TIME_AHEAD');
    t.is(taken(nowMs + DAY_MS + 1), 'TIME_AHEAD', 'a day is the default');
    t.is(taken(1_000_001), 2);
    t.deepEqual([plan.counts.late, plan.counts.ahead], [0, 2]);
    nowMs += 1;
    t.is(taken(1_000_000 + DAY_MS + 1), 1, 'the clock has gone on');
  }
  const words = planWith('c', { ahead: '1h' }, 0, 1, () => 0).fill(
    { c: 1 },
    new Float32Array(1),
    0,
    3_600_500,
  );
  t.regex(
    words?.message ?? '',
    /^the record's timestamp is 3600500 ms since 1970, 3600500 ms after the clock here; windows.ahead/,
  );
});

test('with ahead: unbounded a history may run ahead of the clock', (t) => {
  const plan = planWith('c', { ahead: 'unbounded' }, 0, 1, () => 0);
  t.is(count(plan, { c: 1 }, YEAR_2200_MS, null), 1);
  t.is(plan.counts.ahead, 0);
});

const PARTITIONS = 8;
/** A key that Java's partitioner sends elsewhere than `text`. */
const elsewhere = (text: string): string => {
  const own = partitionOfKey(Buffer.from(text), PARTITIONS);
  for (let number = 0; ; number++) {
    const key = `other-${number}`;
    if (partitionOfKey(Buffer.from(key), PARTITIONS) !== own) return key;
  }
};

test('a field is taken for the key of windows where the key is it, as text or as an integer of Java, or would go where it goes', (t) => {
  const long = Buffer.alloc(8);
  long.writeBigInt64BE(42n);
  const int = Buffer.alloc(4);
  int.writeInt32BE(42);
  for (const key of [Buffer.from('42'), long, int]) {
    // In any partition: the key says enough.
    const plan = planWith('c', {}, 3, PARTITIONS);
    t.is(count(plan, { c: 42 }, 1_000, key), 1, key.toString('hex'));
  }
  const where = partitionOfKey(Buffer.from('42'), PARTITIONS);
  t.is(count(planWith('c', {}, where, PARTITIONS), { c: 42 }, 1_000, Buffer.from('whatever')), 1);
  t.is(count(planWith('c', {}, where, PARTITIONS), { c: 42 }, 1_000, null), 1);
});

test('any other field is refused in words, unless there is one partition or the model says that it is trusted', (t) => {
  const key = Buffer.from(elsewhere('42'));
  const partition = partitionOfKey(key, PARTITIONS);
  const plan = planWith('c', {}, partition, PARTITIONS);
  const rejection = plan.fill({ c: 42 }, new Float32Array(1), 0, 1_000, key);
  t.is(rejection?.code, 'NOT_COPARTITIONED');
  t.regex(rejection?.message ?? '', /field "c", which is the number 42, .*Key the topic by this field/);
  t.is(plan.state.keys, 0, 'it is in no window');
  t.is(count(plan, { c: 42 }, 1_000, null), 'NOT_COPARTITIONED');
  t.is(count(planWith('c', { partitioning: 'trusted' }, partition, PARTITIONS), { c: 42 }, 1_000, key), 1);
  t.is(count(planWith('c', {}, 0, 1), { c: 42 }, 1_000, key), 1);
  t.is(count(planWith(undefined, {}, partition, PARTITIONS), {}, 1_000, key), 1, "the record's own key");
});
