// What is kept for a dump is bounded, whatever comes, and is enough to go on from.

import test from 'ava';
import { step } from '../../src/engine/dispatcher.ts';
import type { Message } from '../../src/engine/messages.ts';
import { Recorder } from '../../src/engine/recorder.ts';
import { restoreEngine, type SavedEngine, saveEngine } from '../../src/engine/saved-state.ts';
import { type EngineState, newEngine } from '../../src/engine/state.ts';
import { nextAfter, offset, startingAt } from '../../src/log/offset.ts';
import { splitRecordBatches } from '../../src/log/record-batch.ts';
import { NO_OUTCOME } from '../../src/scoring/outcome.ts';
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

test('of what sources and lanes hand over and go on changing only the names are kept', (t) => {
  const reading = { ...IN, position: 5, stop: () => {} };
  const { parts } = recorded([
    ASSIGNED,
    fetched(0, 1),
    { type: 'stop', deadlineMs: 1 },
    { type: 'lost', partitions: [reading] },
  ]);
  const steps = parts[0]?.steps ?? [];
  t.deepEqual(steps.at(-1)?.message, { type: 'lost', partitions: [IN] });
  t.deepEqual(
    steps.flatMap(({ effects }) => effects ?? []).filter(({ type }) => type === 'pause'),
    [{ type: 'pause', partition: IN }],
  );
});

/** Of the micro-batch of the only lane that is in flight for the longest. */
function oldestOf({ lanes }: EngineState) {
  const [lane] = lanes.values();
  const id = lane?.ledger.oldest?.id;
  if (lane === undefined || id === undefined) throw new Error('nothing is in flight');
  return { lane: { ...IN, epoch: lane.epoch }, id };
}

test('a state that was saved stays as it was while the engine goes on, and one that is restored goes on as it does', (t) => {
  const assigned: Message = {
    type: 'assigned',
    partitions: [{ ...IN, position: startingAt(0), uncommitted: true }],
  };
  const { state } = recorded([assigned, fetched(0, 50), { type: 'tick' }]);
  const outputs = [{ topic: 'out', partition: 0, bytes: new Uint8Array(9), recordCount: 1 }];
  const outcome = { ...NO_OUTCOME, outputs, resultBatches: 1, scored: 1 };
  const failure = { code: 'SCORELANE_SINK', message: 'away' };
  const messages: (() => Message)[] = [
    () => ({ type: 'scored', ...oldestOf(state), outcome }),
    () => ({ type: 'produced', ...oldestOf(state) }),
    () => ({ type: 'scored', ...oldestOf(state), outcome }),
    () => ({ type: 'produceFailed', ...oldestOf(state), failure, retriable: true }),
    () => ({ type: 'stop', deadlineMs: 500 }),
    () => ({ type: 'tick' }),
    () => ({ type: 'produced', ...oldestOf(state) }),
    () => ({ type: 'tick' }),
  ];
  const seen: { readonly saved: SavedEngine; readonly copy: SavedEngine; readonly engine: EngineState }[] =
    [];
  for (const [index, messageOf] of messages.entries()) {
    const saved = saveEngine(state);
    seen.push({ saved, copy: structuredClone(saved), engine: restoreEngine(saved) });
    const message = messageOf();
    for (const engine of [state, ...seen.map((each) => each.engine)]) step(engine, message, 100 * index);
    for (const { saved: kept, copy, engine } of seen) {
      t.deepEqual(kept, copy, `after message ${index}`);
      t.deepEqual(saveEngine(engine), saveEngine(state), `after message ${index}`);
    }
  }
  const [, , waiting, , tried] = seen.map(({ saved }) => saved.lanes[0]);
  t.true((waiting?.mailbox.bytes ?? 0) > 0);
  t.true(waiting?.ledger.owesFirst);
  t.not(waiting?.ledger.done, waiting?.ledger.committed);
  t.true(tried?.ledger.entries[0]?.tried);
  t.true(state.stopping?.done);
});
