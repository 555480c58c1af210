// What the engine does and a person may have to hear of is counted, besides being logged: a report says how often.

import test from 'ava';
import { logObserver } from '../../src/daemon/observer.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { Meter } from '../../src/telemetry/meter.ts';

test('commits that failed and were tried again are counted', (t) => {
  const meter = new Meter();
  const observer = logObserver(createLogger('silent'), meter);
  observer.commitFailed?.({ code: 'SCORELANE_FENCED', message: 'the generation has ended' });
  observer.commitFailed?.({ code: 'SCORELANE_UNKNOWN', message: 'the broker is away' });
  t.is(meter.summary({ backend: 'wasm', model: 'm 1', versions: {} }).commitsFailed, 2);
});
