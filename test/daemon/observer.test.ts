// What the engine does and a person may have to hear of is counted, besides being logged: a report
// says how often.

import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { logObserver } from '../../src/daemon/observer.ts';
import { OwnPartitions } from '../../src/daemon/own-partitions.ts';
import { startingAt } from '../../src/log/offset.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { Meter } from '../../src/telemetry/meter.ts';

const PARTITIONS = new OwnPartitions(createLogger('silent'), { 'group.id': 'g', 'session.timeout.ms': 1 });

test('commits that failed and were tried again are counted', (t) => {
  const meter = new Meter();
  const observer = logObserver(createLogger('silent'), meter, PARTITIONS);
  observer.commitFailed?.({ code: 'SCORELANE_FENCED', message: 'the generation has ended' });
  observer.commitFailed?.({ code: 'SCORELANE_UNKNOWN', message: 'the broker is away' });
  t.is(meter.summary({ backend: 'wasm', model: 'm 1', versions: {} }).commitsFailed, 2);
});

test('debug tells what was committed, and trace each decision, by lane and offsets', (t) => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const observer = logObserver(pino({ level: 'trace' }, stream), new Meter(), PARTITIONS);
  const lane = { topic: 'in', partition: 3 };
  observer.committed?.([{ ...lane, next: startingAt(42) }], 3);
  observer.effect?.({ type: 'seek', partition: lane, position: startingAt(17) });
  observer.effect?.({ type: 'pause', partition: lane });
  const logged = lines.map(
    (line) => JSON.parse(line) as { level: number; msg: string; partitions?: string[] },
  );
  t.deepEqual(
    logged.map(({ level, msg }) => [level, msg]),
    [
      [20, 'committed'],
      [10, 'seek in/3 to 17'],
      [10, 'pause in/3'],
    ],
  );
  t.deepEqual(logged[0]?.partitions, ['in/3@42']);
});
