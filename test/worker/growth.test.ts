// A thread is replaced for what it keeps, and for nothing that its states left behind: otherwise it
// would build them up for ever.

import test from 'ava';
import { Growth } from '../../src/worker/growth.ts';
import type { ThreadUsage } from '../../src/worker-protocol/thread-usage.ts';

const usage = (bytes: number, heldBytes = 0, tensors = 0): ThreadUsage => ({
  thread: 1,
  cpuMicros: 0,
  gcMs: 0,
  tensors,
  bytes,
  heldBytes,
});

function growthWith(garbage: { bytes: number; collections: number }) {
  let now = usage(0);
  let nowMs = 0;
  const growth = new Growth({
    limits: { bytesMax: 100, tensorsMax: 10 },
    collected: () => {
      garbage.collections++;
      return now.bytes - garbage.bytes;
    },
    nowMs: () => nowMs,
  });
  return (next: ThreadUsage, feeding = false, afterMs = 2_000): string | null => {
    now = next;
    nowMs += afterMs;
    return growth.check(next, feeding);
  };
}

test('what came with a model that was loaded later, or went with one, is no growth', (t) => {
  let bytes = 1_000;
  const growth = new Growth({
    limits: { bytesMax: 100, tensorsMax: 10 },
    collected: () => bytes,
    nowMs: () => 0,
  });
  t.is(growth.check(usage(bytes, 0, 5), false), null);
  bytes = 9_000;
  growth.begin();
  t.is(growth.check(usage(bytes, 0, 500), false), null);
  t.is(growth.check(usage(bytes + 50, 0, 505), false), null);
  t.regex(growth.check(usage(bytes, 0, 600), false) ?? '', /grew by 100 tensors/);
});

test('what a thread keeps counts, what would be collected does not, and it is not collected all the time', (t) => {
  const garbage = { bytes: 150, collections: 0 };
  const check = growthWith(garbage);
  t.is(check(usage(1_000)), null);
  t.is(check(usage(1_100)), null);
  t.is(garbage.collections, 0);
  t.is(check(usage(1_200)), null);
  t.is(check(usage(1_240), false, 50), null);
  t.is(garbage.collections, 1);
  t.regex(check(usage(1_300)) ?? '', /grew by 150 bytes, scoring.growthBytes allows 100/);
});

test('while a state is built up nothing counts, nor what came with one that has grown', (t) => {
  const check = growthWith({ bytes: 0, collections: 0 });
  t.is(check(usage(1_000, 1_000)), null);
  t.is(check(usage(9_000, 1_000), true), null);
  t.is(check(usage(9_050, 1_000)), null);
  t.is(check(usage(20_000, 2_000)), null);
  t.is(check(usage(20_100, 2_100)), null);
  t.regex(check(usage(20_101, 2_100)) ?? '', /grew by 101 bytes/);
});

test('tensors count from the first, whatever states do', (t) => {
  const check = growthWith({ bytes: 0, collections: 0 });
  t.is(check(usage(0, 0, 5)), null);
  t.is(check(usage(0, 100, 15), true), null);
  t.regex(check(usage(0, 1_000, 16), true) ?? '', /grew by 11 tensors/);
});
