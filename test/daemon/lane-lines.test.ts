// A hundred lanes that stand still for one cause are one line, and again one every ten seconds:
// who reads the log sees each cause, each lane, and no flood.

import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { LaneLines } from '../../src/daemon/lane-lines.ts';

const GONE = { code: 'SCORELANE_SINK', message: 'topic scores does not exist' };
const LARGE = { code: 'SCORELANE_SINK', message: 'too large' };

function scene() {
  const now = { ms: 0 };
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push((JSON.parse(String(chunk)) as { msg: string }).msg);
      done();
    },
  });
  const of = new LaneLines(pino({ level: 'info' }, stream), () => now.ms);
  const told = async (): Promise<string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return lines.splice(0);
  };
  return { of, now, told };
}

test('lanes that fail for one cause at once are one line', async (t) => {
  const { of, told } = scene();
  for (const lane of ['in/0', 'in/1', 'in/2']) of.trouble(lane, GONE, 1);
  of.trouble('in/3', LARGE, 1);
  t.deepEqual(await told(), [
    'not ready: lanes in/0, in/1, in/2 do not advance: topic scores does not exist',
    'not ready: lane in/3 does not advance: too large',
  ]);
});

test('the reason of a refused record is said too: nobody but the log has it', async (t) => {
  const { of, told } = scene();
  const flood = { code: 'SCORELANE_DEAD_LETTER_FLOOD', message: 'too many', refusal: 'V1 is text' };
  of.trouble('in/0', flood, 1);
  t.deepEqual(await told(), ['not ready: lane in/0 does not advance: too many; one of them: V1 is text']);
});

test('what is tried again is not said again, for ten seconds; then with all lanes', async (t) => {
  const { of, now, told } = scene();
  of.trouble('in/0', GONE, 1);
  t.is((await told()).length, 1);
  for (let attempts = 2; attempts < 9; attempts++) {
    now.ms += 1_000;
    of.trouble('in/0', GONE, attempts);
  }
  t.deepEqual(await told(), []);
  of.trouble('in/1', GONE, 1);
  t.deepEqual(await told(), ['not ready: lane in/1 does not advance: topic scores does not exist']);
  now.ms = 10_000;
  of.trouble('in/0', GONE, 9);
  of.trouble('in/1', GONE, 2);
  t.deepEqual(await told(), ['not ready: lanes in/0, in/1 do not advance: topic scores does not exist']);
});

test('a lane that advances again is said to, and its next trouble is new', async (t) => {
  const { of, told } = scene();
  for (const lane of ['in/0', 'in/1']) of.trouble(lane, GONE, 1);
  await told();
  for (const lane of ['in/0', 'in/1']) of.recovered(lane);
  t.deepEqual(await told(), ['lanes in/0, in/1 advance again']);
  of.trouble('in/0', GONE, 1);
  t.deepEqual(await told(), ['not ready: lane in/0 does not advance: topic scores does not exist']);
});

test('a lane stands still for its last cause only', async (t) => {
  const { of, now, told } = scene();
  of.trouble('in/0', GONE, 1);
  await told();
  of.trouble('in/0', LARGE, 2);
  t.deepEqual(await told(), ['not ready: lane in/0 does not advance: too large']);
  now.ms = 20_000;
  of.trouble('in/1', GONE, 1);
  t.deepEqual(await told(), ['not ready: lane in/1 does not advance: topic scores does not exist']);
});

test('a lane that has met nothing since is not named again: it may be gone', async (t) => {
  const { of, now, told } = scene();
  for (const lane of ['in/0', 'in/1']) of.trouble(lane, GONE, 1);
  await told();
  now.ms = 10_000;
  of.trouble('in/1', GONE, 2);
  t.deepEqual(await told(), ['not ready: lane in/1 does not advance: topic scores does not exist']);
});

test('lanes that are given up for one reason are one line with the sum of what is scored again', async (t) => {
  const { of, told } = scene();
  of.abandoned('in/0', 1, 'lost');
  of.abandoned('in/1', 2, 'lost');
  t.deepEqual(await told(), [
    'lanes in/0, in/1 gave up 3 micro-batches in flight (lost); they will be scored again',
  ]);
});
