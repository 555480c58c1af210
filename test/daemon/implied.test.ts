// What a configuration implies is said in numbers that follow from its values.

import test from 'ava';
import { implied } from '../../src/daemon/implied.ts';
import { load, MINIMAL } from '../support/config.ts';

const of = (more: string, partitions = 4): string[] => implied(load(`${MINIMAL}${more}`).config, partitions);

test('the records in flight are those of all micro-batches of all partitions', (t) => {
  const [inFlight] = of('lanes: {inFlight: 3}\nmicroBatch: {records: 100}\n');
  t.regex(
    inFlight ?? '',
    /^at most 1200 records in flight, .* all partitions \(4\): 3 micro-batches .* of 100 /,
  );
  t.regex(inFlight ?? '', /and 256MiB with what waits \(lanes\.budget\)$/);
});

test('where each partition needs room for a fetch, that is more than the budget', (t) => {
  const [inFlight] = of('lanes: {budget: 16MiB}\nkafka: {max.partition.fetch.bytes: 8MiB}\n', 10);
  t.regex(
    inFlight ?? '',
    /and 80MiB with what waits \(a fetch of kafka\.max\.partition\.fetch\.bytes for each/,
  );
});

test('the longest wait by choice is the linger and half of the target', (t) => {
  const [, wait] = of('microBatch: {linger: 5ms}\nlatency: {target: 30ms}\n');
  t.regex(wait ?? '', /waits at most 20ms by choice/);
});

test('what a kill repeats depends on the commits, and on transactions', (t) => {
  t.regex(of('lanes: {commitInterval: 3s}\n')[2] ?? '', /the last 3s \(lanes\.commitInterval\)/);
  t.regex(of('kafka: {transactional.id: pay}\n')[2] ?? '', /no answer is seen twice/);
  t.is(of('log: memory\n').length, 2, 'the embedded log is gone with the process');
});
