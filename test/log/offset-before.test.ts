// Where a lane begins to read again: early enough, whatever the times in the log are, and not much earlier.

import test from 'ava';
import fc from 'fast-check';
import { startingAt } from '../../src/log/offset.ts';
import { offsetBefore } from '../../src/log/offset-before.ts';

/** A log that starts at `start`: offsets count on from there. */
const logOf =
  (start: number, timesMs: readonly number[], asked: { count: number }) =>
  async (timestampMs: number): Promise<number> => {
    asked.count++;
    const at = timesMs.findIndex((time) => time >= timestampMs);
    return start + (at < 0 ? timesMs.length : at);
  };

const logs = fc.record({
  start: fc.nat(50),
  timesMs: fc.array(fc.nat(5_000_000), { maxLength: 60 }),
  at: fc.nat(120),
  reachMs: fc.oneof(fc.nat(3_000_000), fc.constant(Number.POSITIVE_INFINITY)),
  nowMs: fc.nat(6_000_000),
});

test('nothing below is within reach of the latest record below the position', async (t) => {
  await fc.assert(
    fc.asyncProperty(logs, async ({ start, timesMs, at, reachMs, nowMs }) => {
      const position = Math.min(at, start + timesMs.length);
      const asked = { count: 0 };
      const found = await offsetBefore(startingAt(position), reachMs, nowMs, logOf(start, timesMs, asked));
      const below = timesMs.slice(0, Math.max(0, position - start));
      t.true(found <= position);
      const latest = Math.max(...below);
      for (const [index, time] of below.entries())
        if (start + index < found)
          t.true(time < latest - reachMs, `${time} is within ${reachMs} of ${latest}`);
      t.true(asked.count < 60);
    }),
  );
});

test('in a log in the order of time no more is read than the reach and an eighth of it', async (t) => {
  const timesMs = Array.from({ length: 100_000 }, (_, index) => 1_000 * index);
  const reachMs = 10_000_000;
  const asked = { count: 0 };
  for (const position of [1, 10_000, 50_000, 100_000]) {
    const found = await offsetBefore(startingAt(position), reachMs, 120_000_000, logOf(0, timesMs, asked));
    t.true(position - found <= 1 + (reachMs * 9) / 8 / 1_000, `${position - found} offsets`);
  }
});
