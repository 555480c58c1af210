// Requests leave the main thread a part of its time while a stream needs it, and only then.

import test from 'ava';
import { nextRest, RequestRest } from '../../src/serving/rest.ts';

/** A main thread on which a request costs some time and the stream a share. */
function world({ streamBusy, requestMs }: { streamBusy: number; requestMs: number }) {
  let [nowMs, active, idle, streamed] = [0, 0, 0, 0];
  const rest = new RequestRest({ loop: () => ({ active, idle }), streamed: () => streamed });
  return {
    /** 64 clients, each asks again when it has its answer; resolves to how busy the thread was. */
    turns(count: number, isStreaming: boolean): number {
      const [fromActive, fromMs] = [active, nowMs];
      for (let turn = 0; turn < count; turn++) {
        const restMs = rest.at(nowMs);
        const took = 64 * requestMs;
        const passed = took / (isStreaming ? 1 - streamBusy : 1) + restMs;
        nowMs += passed;
        const busy = took + (isStreaming ? passed * streamBusy : 0);
        active += busy;
        idle += passed - busy;
        if (isStreaming) streamed++;
      }
      return (active - fromActive) / (nowMs - fromMs);
    },
    get restMs() {
      return rest.at(nowMs);
    },
  };
}

test('a flood of requests leaves a part of the main thread free while a stream is at work', (t) => {
  const beside = world({ streamBusy: 0.2, requestMs: 0.06 });
  beside.turns(2_000, true);
  const busy = beside.turns(2_000, true);
  t.true(busy > 0.4 && busy < 0.7, `${busy}`);
});

test('without a stream requests have all of the main thread, also when there was one before', (t) => {
  const alone = world({ streamBusy: 0, requestMs: 0.06 });
  t.true(alone.turns(2_000, false) > 0.99);
  const later = world({ streamBusy: 0.2, requestMs: 0.06 });
  later.turns(2_000, true);
  t.true(later.restMs > 0);
  later.turns(2_000, false);
  t.is(later.restMs, 0);
});

test('a stream that needs all of the main thread slows requests down, and does not stop them', (t) => {
  let restMs = 0;
  for (let look = 0; look < 100; look++) restMs = nextRest(restMs, 1);
  t.is(restMs, 50);
});
