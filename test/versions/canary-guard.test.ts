// When a canary is taken back: pure, from what was counted of it and of the version that serves.

import test from 'ava';
import fc from 'fast-check';
import { type CanarySeen, troubleOfCanary } from '../../src/versions/canary-guard.ts';

const LIMITS = { records: 1_000, failures: 0.01, latency: 5, shift: 0.25 };
const FINE: CanarySeen = {
  records: 1_000,
  failures: 0,
  calls: 1_000,
  predictMs: 100,
  servingRecords: 19_000,
  servingCalls: 1_000,
  servingMs: 120,
  shift: 0.01,
};

/** A model whose call takes so long, and each row in it so long. */
const timed = (calls: number, rows: number, callMs: number, rowMs: number) => calls * (callMs + rows * rowMs);

test('a model is never slower than itself, however few rows of it come at a time', (t) => {
  const positive = { min: 1e-6, max: 10, noNaN: true };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 0, max: 4_000 }),
      fc.double(positive),
      fc.double(positive),
      (rows, more, callMs, rowMs) => {
        const [calls, servingRows] = [1_000, rows + more];
        const seen = {
          ...{ ...FINE, records: calls * rows, calls, predictMs: timed(calls, rows, callMs, rowMs) },
          ...{ servingRecords: calls * servingRows, servingCalls: calls },
          servingMs: timed(calls, servingRows, callMs, rowMs),
        };
        // With many rows a call its own cost must be small beside theirs.
        if (rows >= 64 && callMs > 200 * rowMs) return;
        t.is(troubleOfCanary(seen, LIMITS), null);
      },
    ),
  );
});

test('a canary that takes ten times as long is taken back, with one row a call and with many', (t) => {
  for (const [rows, servingRows] of [
    [1, 19],
    [100, 1_900],
  ] as const) {
    const calls = 1_000;
    const seen = {
      ...{ ...FINE, records: calls * rows, calls, predictMs: timed(calls, rows, 1, 0.01) },
      ...{ servingRecords: calls * servingRows, servingCalls: calls },
      servingMs: timed(calls, servingRows, 0.1, 0.001),
    };
    t.regex(
      troubleOfCanary(seen, LIMITS) ?? '',
      /times what the version that serves takes, model\.canaryLatency/,
    );
  }
});

test('nothing but failures is judged before there are enough records', (t) => {
  t.is(troubleOfCanary({ ...FINE, records: 999, predictMs: 1e6, shift: 9 }, LIMITS), null);
  t.regex(
    troubleOfCanary({ ...FINE, records: 100, failures: 2 }, LIMITS) ?? '',
    /fails on 2\.0 % of 100 records/,
  );
  t.is(troubleOfCanary({ ...FINE, records: 99, failures: 99 }, LIMITS), null);
  t.is(troubleOfCanary(FINE, LIMITS), null);
});

test('scores that are distributed otherwise are told with their PSI; what is not known is no trouble', (t) => {
  t.regex(
    troubleOfCanary({ ...FINE, shift: 0.3 }, LIMITS) ?? '',
    /a PSI of 0\.30, model\.canaryShift allows 0\.25/,
  );
  t.is(troubleOfCanary({ ...FINE, shift: Number.NaN }, LIMITS), null);
});
