// The clock of the peers: it ends, whatever comes first, and leaves the warm-up out.

import test from 'ava';
import { type PeerArguments, Stopwatch } from '../../bench/peers/peer.ts';

const peer = (more: Partial<PeerArguments>): PeerArguments => ({
  brokers: '',
  input: '',
  output: '',
  group: '',
  model: '',
  format: 'json',
  backend: 'wasm',
  count: 100,
  seconds: 1_000,
  warmUp: 1_000,
  ...more,
});

test('it ends when all records are scored, also before the end of the warm-up', async (t) => {
  const stopwatch = new Stopwatch(peer({}));
  stopwatch.begin();
  stopwatch.scored(60);
  stopwatch.scored(40);
  const report = await stopwatch.done;
  t.is(report.scored, 100);
  t.true(report.recordsPerSecond > 0);
});

test('it ends when its time is over, and measures what came after the warm-up', async (t) => {
  const stopwatch = new Stopwatch(peer({ warmUp: 0, seconds: 0, count: 1e9 }));
  stopwatch.begin();
  stopwatch.scored(7);
  stopwatch.scored(5);
  t.is((await stopwatch.done).scored, 12);
});
