// What is kept for a dump is bounded, whatever comes, and is enough to go on from.

import test from 'ava';
import { step } from '../../src/engine/dispatcher.ts';
import type { Message } from '../../src/engine/messages.ts';
import { Recorder } from '../../src/engine/recorder.ts';
import { restoreEngine, saveEngine } from '../../src/engine/saved-state.ts';
import { newEngine } from '../../src/engine/state.ts';
import { nextAfter, offset, startingAt } from '../../src/log/offset.ts';
import { splitRecordBatches } from '../../src/log/record-batch.ts';
import { LIMITS } from '../sim/instance.ts';
import { batchOf } from '../support/records.ts';

const IN = { topic: 'in', partition: 0 };
const [BATCH] = splitRecordBatches(batchOf('in', 0, [{ key: 'k', value: 'secret' }]).bytes);

/** So many record batches of one record each, from an offset on. */
const fetched = (from: number, count: number): Message => ({
  type: 'fetched',
  fetched: {
    ...IN,
    from: startingAt(from),
    highWatermark: from + count,
    batches: Array.from({ length: count }, (_, index) => {
      const at = offset(from + index);
      if (BATCH === undefined) throw new Error('no batch');
      return {
        ...BATCH,
        skip: false,
        header: { ...BATCH.header, baseOffset: at, lastOffset: at, next: nextAfter(at) },
      };
    }),
  },
});

function recorded(messages: Iterable<Message>) {
  const state = newEngine({ ...LIMITS, budgetBytes: 2 ** 40 });
  const recorder = new Recorder(state);
  for (const message of messages) {
    recorder.told(state, message, 0);
    recorder.answered(step(state, message, 0));
  }
  return { state, parts: recorder.parts };
}

const ASSIGNED: Message = { type: 'assigned', partitions: [{ ...IN, position: startingAt(0) }] };

test('at least the last 1,000 messages are kept, and never more than 2,000', (t) => {
  const ticks = (count: number) => recorded(Array.from({ length: count }, (): Message => ({ type: 'tick' })));
  const kept = (count: number) => ticks(count).parts.map(({ steps }) => steps.length);
  t.deepEqual(kept(999), [999]);
  t.deepEqual(kept(1_500), [1_000, 500]);
  t.deepEqual(kept(12_345), [1_000, 345]);
});

test('messages that bring many record batches each are kept up to some 20,000 of these', (t) => {
  const messages = Array.from({ length: 60 }, (_, index) => fetched(index * 900, 900));
  const { parts } = recorded([ASSIGNED, ...messages]);
  const batches = parts.flatMap(({ steps }) =>
    steps.map(({ message }) => (message.type === 'fetched' ? message.fetched.batches.length : 0)),
  );
  const sum = batches.reduce((left, right) => left + right, 0);
  t.true(sum > 9_000 && sum <= 22_000, `${sum}`);
});

test('a state in which more wait than can be copied is told from one that can be gone on from', (t) => {
  const few = recorded([ASSIGNED, fetched(0, 19_000)]).state;
  t.like(saveEngine(few), { isWhole: true });
  const { isWhole, lanes } = saveEngine(recorded([ASSIGNED, fetched(0, 25_000)]).state);
  t.false(isWhole);
  t.is(lanes[0]?.mailbox.mail.length, 0);
  t.true((lanes[0]?.mailbox.records ?? 0) > 20_000, 'and they are counted');
});

test('the bytes of records are kept neither in messages nor in states', (t) => {
  const { state, parts } = recorded([ASSIGNED, fetched(0, 50)]);
  const seen = new Set<unknown>();
  let views = 0;
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      views++;
      t.is(value.byteLength, 0);
      t.is(value.buffer.byteLength, 0);
    } else for (const each of Object.values(value)) look(each);
  };
  look(parts);
  look(saveEngine(state));
  t.true(views > 0);
});

test('a state that is restored is one of its own', (t) => {
  const { state } = recorded([ASSIGNED, fetched(0, 50)]);
  const saved = saveEngine(state);
  const restored = restoreEngine(saved);
  step(restored, fetched(50, 5), 1_000);
  t.notDeepEqual(saveEngine(restored), saved);
  t.deepEqual(saveEngine(restoreEngine(saved)), saved);
  t.deepEqual(saveEngine(state), saved);
});
