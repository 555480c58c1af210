// No silent stall (invariant 6), and no false alarm; and what a lane does when the source stands
// where the log is not.

import test from 'ava';
import { step, wakeAtMs } from '../../src/engine/dispatcher.ts';
import type { Effect, Message } from '../../src/engine/messages.ts';
import { type EngineState, newEngine } from '../../src/engine/state.ts';
import { startingAt } from '../../src/log/offset.ts';
import { limits as base } from './world.ts';

const limits = { ...base, stallAfterMs: 900 };
const lane = { topic: 'in', partition: 0 };

/** An engine with one lane at offset 10, and the time of its own. */
class Scene {
  readonly state: EngineState = newEngine(limits);
  nowMs = 1;

  constructor() {
    this.tell({ type: 'assigned', partitions: [{ ...lane, position: startingAt(10) }] });
  }

  tell(message: Message): Effect[] {
    return step(this.state, message, this.nowMs);
  }

  logEnd(logEnd: number): Effect[] {
    return this.tell({ type: 'logEnds', ends: [{ ...lane, logEnd }] });
  }

  /** Wakes the engine whenever it wants to be, until that time. */
  passUntil(untilMs: number): Effect[] {
    const effects: Effect[] = [];
    for (let at = wakeAtMs(this.state); at <= untilMs; at = wakeAtMs(this.state)) {
      this.nowMs = Math.max(at, this.nowMs);
      effects.push(...this.tell({ type: 'tick' }));
    }
    this.nowMs = untilMs;
    return effects;
  }
}

const typesOf = (effects: readonly Effect[]): string[] => effects.map(({ type }) => type);
const alarms = (effects: readonly Effect[]): string[] =>
  typesOf(effects).filter((type) => type === 'stalled' || type === 'gaveUp');

test('a lane with lag that shows no sign of life is named once in stallAfterMs, with its state', (t) => {
  const scene = new Scene();
  scene.logEnd(25);
  t.deepEqual(alarms(scene.passUntil(890)), []);
  const effects = scene.passUntil(1_000);
  const stalled = effects.filter((effect) => effect.type === 'stalled');
  t.is(stalled.length, 1);
  t.regex(stalled[0]?.lanes[0] ?? '', /in\/0 \(running, epoch 1: committable 10, .*log end 25/);
});

test('a job that is paused is no stall, however long it is paused, and goes on where it stood', (t) => {
  const scene = new Scene();
  scene.logEnd(25);
  t.true(typesOf(scene.tell({ type: 'hold', isHeld: true })).includes('pause'));
  t.deepEqual(alarms(scene.passUntil(10_000)), []);
  t.true(typesOf(scene.tell({ type: 'hold', isHeld: false })).includes('resume'));
  t.deepEqual(alarms(scene.passUntil(10_890)), [], 'it has its whole time again');
  t.deepEqual(alarms(scene.passUntil(11_000)), ['stalled'], 'and is watched again');
});

test('the lag is asked for, not taken from what was fetched: fetching may be what has stalled', (t) => {
  const scene = new Scene();
  const effects = scene.passUntil(3_000);
  t.true(typesOf(effects).filter((type) => type === 'askLogEnds').length >= 8);
  t.deepEqual(alarms(effects), [], 'without lag there is nothing to stall');
  scene.logEnd(11);
  t.deepEqual(alarms(scene.passUntil(4_000)), ['stalled']);
});

test('joining again that does not help three times is given up; a lane that has advanced meanwhile counts again', (t) => {
  const scene = new Scene();
  scene.logEnd(25);
  t.deepEqual(alarms(scene.passUntil(3_700)), ['stalled', 'stalled', 'stalled', 'gaveUp']);
  scene.tell({ type: 'lost', partitions: [lane] });
  scene.tell({ type: 'assigned', partitions: [{ ...lane, position: startingAt(12) }] });
  scene.logEnd(25);
  t.deepEqual(alarms(scene.passUntil(4_700)), ['stalled']);
});

test('trouble that is told, and a scorer that works, are signs of life', (t) => {
  const scene = new Scene();
  scene.logEnd(25);
  for (let at = 500; at < 5_000; at += 500) {
    scene.passUntil(at);
    t.deepEqual(alarms(scene.tell({ type: 'scoring' })), []);
  }
  t.deepEqual(alarms(scene.passUntil(5_300)), []);
});

test('a process that was stopped for a while does not take its sleep for a stall', (t) => {
  const scene = new Scene();
  scene.logEnd(25);
  scene.passUntil(600);
  scene.nowMs = 60_000;
  t.deepEqual(alarms(scene.tell({ type: 'tick' })), []);
  t.deepEqual(alarms(scene.passUntil(60_800)), []);
  t.deepEqual(alarms(scene.passUntil(61_000)), ['stalled']);
});

test('when the source stood below the log and the lane does not, the source goes to the lane: nothing is repeated', (t) => {
  const scene = new Scene();
  const below = { type: 'outOfRange', partition: lane, position: startingAt(5), logEnd: 25 } as const;
  const effects = scene.tell(below);
  t.deepEqual(
    effects.filter(({ type }) => type === 'seek'),
    [{ type: 'seek', partition: effects.find((effect) => effect.type === 'seek')?.partition, position: 10 }],
  );
  t.is(scene.state.lanes.get('in/0')?.epoch, 1);
  t.is(scene.state.lanes.get('in/0')?.position, startingAt(10));
});

test('when the log was made again and ends below the lane, the lane begins again', (t) => {
  const scene = new Scene();
  scene.tell({ type: 'outOfRange', partition: lane, position: startingAt(0), logEnd: 4 });
  t.is(scene.state.lanes.get('in/0')?.epoch, 2);
  t.is(scene.state.lanes.get('in/0')?.position, startingAt(0));
});

test('a log that ends before what was fetched of it, twice in a row, is lag that nobody reads (invariants 6 and 9)', (t) => {
  const scene = new Scene();
  scene.logEnd(4);
  t.deepEqual(alarms(scene.passUntil(2_000)), [], 'one answer may be older than the last fetch');
  scene.logEnd(4);
  t.deepEqual(alarms(scene.passUntil(4_000)), ['stalled', 'stalled']);
});

test('a log that was only asked before its last records came is no lag', (t) => {
  const scene = new Scene();
  scene.logEnd(4);
  scene.logEnd(10);
  scene.logEnd(4);
  t.deepEqual(alarms(scene.passUntil(4_000)), []);
});

test('without lag the engine wakes to ask for the ends of the log, and for nothing else', (t) => {
  const scene = new Scene();
  t.is(wakeAtMs(scene.state), 300);
  scene.nowMs = 300;
  t.deepEqual(typesOf(scene.tell({ type: 'tick' })), ['askLogEnds']);
  t.is(wakeAtMs(scene.state), 600);
  scene.logEnd(25);
  t.is(wakeAtMs(scene.state), 600, 'a lane that has just got lag is given its time');
});

test('an engine without lanes, or one that stops, watches nothing', (t) => {
  const scene = new Scene();
  scene.logEnd(25);
  scene.tell({ type: 'stop', deadlineMs: 100_000 });
  t.deepEqual(
    scene.passUntil(5_000).filter(({ type }) => type !== 'drained'),
    [],
  );
  const empty = newEngine(limits);
  t.is(wakeAtMs(empty), Number.POSITIVE_INFINITY);
  t.deepEqual(step(empty, { type: 'tick' }, 5_000), []);
});
