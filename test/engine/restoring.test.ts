// A lane with a state: nothing is read before the state is there; what the state has to be fed with
// is scored by nobody and committed by nobody (invariants 1 and 4); when the state is lost the lane
// goes back for it.

import test from 'ava';
import { viewOf, writeInt64 } from '../../src/base/int64.ts';
import { step, wakeAtMs } from '../../src/engine/dispatcher.ts';
import type { Effect, Message } from '../../src/engine/messages.ts';
import { type EngineState, newEngine } from '../../src/engine/state.ts';
import { startingAt } from '../../src/log/offset.ts';
import { AT, type RawRecordBatch, readHeader } from '../../src/log/record-batch.ts';
import { keyOf } from '../../src/log/topic-partition.ts';
import { NO_OUTCOME } from '../../src/scoring/outcome.ts';
import { batchOf } from '../support/records.ts';
import { limits } from './world.ts';

const of = { topic: 'in', partition: 0 };
const COMMITTED = startingAt(10);

function batchAt(offset: number, count: number): RawRecordBatch {
  const records = Array.from({ length: count }, () => ({ key: null, value: 'x' }));
  const { bytes } = batchOf('in', 0, records);
  writeInt64(viewOf(bytes), AT.baseOffset, offset);
  return { header: readHeader(bytes), bytes };
}

class Scene {
  readonly state: EngineState = newEngine(limits, true);
  nowMs = 1;
  readonly first: readonly Effect[];

  constructor() {
    this.first = this.tell({ type: 'assigned', partitions: [{ ...of, position: COMMITTED }] });
  }

  get lane() {
    const lane = this.state.lanes.get(keyOf(of));
    if (lane === undefined) throw new Error('there is no lane');
    return lane;
  }

  get address() {
    return { ...of, epoch: this.lane.epoch };
  }

  tell(message: Message): Effect[] {
    return step(this.state, message, this.nowMs);
  }

  restored(from: number): Effect[] {
    return this.tell({ type: 'restored', lane: this.address, from: startingAt(from) });
  }

  fetched(offset: number, count: number): Effect[] {
    const batches = [{ ...batchAt(offset, count), skip: false }];
    return this.tell({
      type: 'fetched',
      fetched: { ...of, from: startingAt(offset), batches, highWatermark: 100 },
    });
  }

  /** Lets time pass until the engine asks for nothing more before that time. */
  pass(ms: number): Effect[] {
    const untilMs = this.nowMs + ms;
    const effects: Effect[] = [];
    for (let at = wakeAtMs(this.state); at <= untilMs; at = wakeAtMs(this.state)) {
      this.nowMs = Math.max(at, this.nowMs);
      effects.push(...this.tell({ type: 'tick' }));
    }
    this.nowMs = untilMs;
    return effects;
  }
}

const find = <T extends Effect['type']>(
  effects: readonly Effect[],
  type: T,
): Extract<Effect, { type: T }>[] =>
  effects.filter((effect): effect is Extract<Effect, { type: T }> => effect.type === type);

test('a lane that is assigned asks for its state, and takes nothing before it has it', (t) => {
  const scene = new Scene();
  t.deepEqual(
    find(scene.first, 'restore').map(({ position }) => position),
    [COMMITTED],
  );
  t.is(find(scene.first, 'pause').length, 1);
  t.deepEqual(scene.fetched(10, 5), [], 'what was under way is dropped');
  t.is(scene.lane.mailbox.length, 0);
  const effects = scene.restored(4);
  t.deepEqual(
    find(effects, 'seek').map(({ position }) => position),
    [startingAt(4)],
  );
  t.is(find(effects, 'resume').length, 1);
});

test('what lies below the committed offset is fed, in micro-batches that say so, and commits nothing', (t) => {
  const scene = new Scene();
  scene.restored(4);
  const [fed] = find([...scene.fetched(4, 8), ...scene.pass(100)], 'score');
  t.is(fed?.task[0]?.microBatch.first, startingAt(4));
  t.is(fed?.task[0]?.microBatch.next, startingAt(12));
  t.is(fed?.task[0]?.microBatch.scoreFrom, COMMITTED);
  const id = fed?.task[0]?.microBatch.id ?? 0;
  const after = [
    ...scene.tell({ type: 'scored', lane: scene.address, id, outcome: NO_OUTCOME }),
    ...scene.pass(1_000),
  ];
  t.deepEqual(
    find(after, 'commit').flatMap(({ commits }) => commits.map(({ next }) => next)),
    [startingAt(12)],
    'the two that were new',
  );
  const [scored] = find([...scene.fetched(12, 3), ...scene.pass(100)], 'score');
  t.is(scored?.task[0]?.microBatch.scoreFrom, undefined, 'and from there on all is new');
});

test('a feed that ends below the committed offset commits nothing, and a stop in the middle of it is settled', (t) => {
  const scene = new Scene();
  scene.restored(0);
  const [fed] = find([...scene.fetched(0, 6), ...scene.pass(100)], 'score');
  const id = fed?.task[0]?.microBatch.id ?? 0;
  const after = scene.tell({ type: 'scored', lane: scene.address, id, outcome: NO_OUTCOME });
  t.deepEqual(find([...after, ...scene.pass(1_000)], 'commit'), []);
  t.is(scene.lane.ledger.committable, COMMITTED);
  t.deepEqual(
    find(scene.tell({ type: 'stop', deadlineMs: 10_000 }), 'drained').map(({ unfinished }) => unfinished),
    [[]],
  );
});

test('a lane without work that is told of the loss of its state restores it, once, and is in no trouble', (t) => {
  const scene = new Scene();
  scene.restored(10);
  const { address } = scene;
  const told = [...scene.tell({ type: 'stateLost', lane: address }), ...scene.pass(100)];
  t.deepEqual(
    find(told, 'restore').map(({ position }) => position),
    [COMMITTED],
  );
  t.is(find(told, 'trouble').length, 0);
  t.is(scene.lane.trouble, undefined);
  t.true(scene.lane.epoch > address.epoch);
  t.deepEqual(scene.tell({ type: 'stateLost', lane: address }), [], 'that ownership is over');
  t.deepEqual(scene.tell({ type: 'stateLost', lane: scene.address }), [], 'it is on its way');
});

test('a lane with work in flight keeps it: what is lost it finds out by itself', (t) => {
  const scene = new Scene();
  scene.restored(10);
  scene.fetched(10, 3);
  scene.pass(100);
  t.is(scene.lane.ledger.inFlight, 1);
  t.deepEqual(find(scene.tell({ type: 'stateLost', lane: scene.address }), 'abandoned'), []);
  t.is(scene.lane.ledger.inFlight, 1);
});

test('a state that comes while the daemon stops is of no use: nothing is read for it', (t) => {
  const scene = new Scene();
  scene.tell({ type: 'stop', deadlineMs: 10_000 });
  t.deepEqual(find(scene.restored(4), 'seek'), []);
});

test('when the state is lost the lane asks for another, under a new epoch, for what is committable by then', (t) => {
  const scene = new Scene();
  scene.restored(10);
  const [first] = find([...scene.fetched(10, 4), ...scene.pass(100)], 'score');
  const epoch = scene.lane.epoch;
  const failure = { code: 'SCORELANE_STATE_LOST', message: 'the thread is gone' };
  const lost = [
    ...scene.tell({
      type: 'scoreFailed',
      lane: scene.address,
      id: first?.task[0]?.microBatch.id ?? 0,
      failure,
    }),
    ...scene.pass(10_000),
  ];
  const [restore] = find(lost, 'restore');
  t.is(restore?.position, COMMITTED);
  t.true((restore?.lane.epoch ?? 0) > epoch);
  // The answer of before is nobody's.
  t.deepEqual(scene.tell({ type: 'restored', lane: { ...of, epoch }, from: startingAt(3) }), []);
  t.is(scene.lane.phase, 'restoring');
  t.is(find(scene.restored(2), 'seek')[0]?.position, startingAt(2));
});

test('a state that cannot be built up is asked for again, later each time, and said to be trouble', (t) => {
  const scene = new Scene();
  const failure = { code: 'ECONNREFUSED', message: 'no broker' };
  let waits = 0;
  for (let attempt = 1; attempt <= 3; attempt++) {
    const failed = scene.tell({ type: 'restoreFailed', lane: scene.address, failure });
    t.is(find(failed, 'trouble')[0]?.attempts, attempt);
    const before = scene.nowMs;
    while (scene.lane.phase !== 'restoring') scene.pass(1);
    t.true(scene.nowMs - before > waits);
    waits = scene.nowMs - before;
  }
});

test('a lane that ends lets its state go; one that is kept through a rebalance keeps it, and opens nothing meanwhile', (t) => {
  const scene = new Scene();
  scene.tell({ type: 'revoking', partitions: [of], deadlineMs: 10_000 });
  // It comes back in the middle of the rebalance.
  scene.restored(10);
  t.deepEqual(find([...scene.fetched(10, 4), ...scene.pass(100)], 'score'), []);
  const kept = scene.tell({ type: 'assigned', partitions: [{ ...of, position: COMMITTED }] });
  t.deepEqual(find(kept, 'restore'), []);
  t.is(find([...kept, ...scene.pass(100)], 'score').length, 1);
  const { address } = scene;
  t.deepEqual(find(scene.tell({ type: 'revoked', partitions: [of] }), 'forget'), [
    { type: 'forget', lane: address },
  ]);
});

test('a lane that waits for its state has not stalled, however long that takes', (t) => {
  const scene = new Scene();
  scene.tell({ type: 'logEnds', ends: [{ ...of, logEnd: 50 }] });
  t.deepEqual(find(scene.pass(10 * limits.stallAfterMs), 'stalled'), []);
  scene.restored(10);
  t.is(find(scene.pass(1.5 * limits.stallAfterMs), 'stalled').length, 1);
});

test('records may have been placed by another count: the lane lets its state go, and asks for one from what is committable', (t) => {
  const scene = new Scene();
  const assigned = (placedBy: readonly number[]): Effect[] =>
    scene.tell({
      type: 'assigned',
      partitions: [{ ...of, position: COMMITTED, metadata: placedBy.join(), placedBy }],
    });
  const [first] = find(assigned([4]), 'restore');
  t.deepEqual(first?.lane.placedBy, [4]);
  scene.restored(10);
  t.deepEqual(find(assigned([4]), 'restore'), [], 'the same count');
  const { epoch } = scene.lane;
  const grown = assigned([4, 6]);
  t.is(find(grown, 'forget')[0]?.lane.epoch, epoch);
  const [restore] = find(grown, 'restore');
  t.like(restore, { position: COMMITTED, lane: { placedBy: [4, 6] } });
  const [commit] = find([...grown, ...scene.pass(1_000)], 'commit');
  t.like(
    commit?.commits[0],
    { next: COMMITTED, metadata: '4,6' },
    'the counts are committed, although nothing was answered',
  );
});

test('answers that are on their way when another count is told are not produced again: the lane stays as it is (invariant 4)', (t) => {
  const scene = new Scene();
  const assigned = (placedBy: readonly number[]): Effect[] =>
    scene.tell({
      type: 'assigned',
      partitions: [{ ...of, position: COMMITTED, metadata: placedBy.join(), placedBy }],
    });
  assigned([4]);
  scene.restored(10);
  const [score] = find([...scene.fetched(10, 4), ...scene.pass(100)], 'score');
  const id = score?.task[0]?.microBatch.id as number;
  const lane = scene.address;
  const outputs = [{ topic: 'out', partition: 0, recordCount: 4, bytes: new Uint8Array(10) }];
  const outcome = { ...NO_OUTCOME, scored: 4, outputs, resultBatches: 1 };
  t.is(find(scene.tell({ type: 'scored', lane, id, outcome }), 'produce').length, 1);
  scene.tell({ type: 'revoking', partitions: [of], deadlineMs: scene.nowMs + 50 });
  scene.pass(60);
  t.deepEqual(find(assigned([4, 6]), 'restore'), []);
  scene.tell({ type: 'produced', lane, id });
  t.is(scene.lane.ledger.committable, startingAt(14));
});

test('a stop waits for answers whose partition is gone, and says at its deadline that they are not finished', (t) => {
  const scene = new Scene();
  scene.restored(10);
  const [score] = find([...scene.fetched(10, 4), ...scene.pass(100)], 'score');
  const id = score?.task[0]?.microBatch.id as number;
  const lane = scene.address;
  const outputs = [{ topic: 'out', partition: 3, recordCount: 4, bytes: new Uint8Array(10) }];
  scene.tell({
    type: 'scored',
    lane,
    id,
    outcome: { ...NO_OUTCOME, scored: 4, outputs, resultBatches: 1 },
  });
  scene.tell({ type: 'stop', deadlineMs: scene.nowMs + 50 });
  const failure = { code: 'SCORELANE_PARTITION_GONE', message: 'out/3 is gone' };
  scene.tell({ type: 'produceFailed', lane, id, failure, retriable: true, isAstray: true });
  const [drained] = find(scene.pass(100), 'drained');
  t.is(drained?.unfinished.length, 1);
});
