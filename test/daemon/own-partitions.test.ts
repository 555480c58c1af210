// A member without partitions scores nothing: the log says that it waits, and never that there is
// nothing to do.

import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { OwnPartitions } from '../../src/daemon/own-partitions.ts';

test('a member that waits for partitions says so, since when and why; one that has some, or none to have, does not', (t) => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push((JSON.parse(String(chunk)) as { msg: string }).msg);
      done();
    },
  });
  let nowMs = 0;
  const partitions = new OwnPartitions(
    pino(stream),
    { 'group.id': 'g', 'session.timeout.ms': 30_000 },
    () => nowMs,
  );
  t.false(partitions.isKnown);
  nowMs = 10_000;
  partitions.complain();
  t.regex(lines.shift() ?? '', /^not ready: waiting for partitions of the group "g" for 10 s\./);
  partitions.assigned();
  t.true(partitions.isKnown);
  partitions.complain();
  t.deepEqual(lines, []);
  partitions.lost();
  nowMs = 30_000;
  partitions.lost();
  partitions.complain();
  t.regex(lines.shift() ?? '', /for 20 s\. After an outage .* kafka\.session\.timeout\.ms says \(30000\)$/);
  t.false(partitions.isKnown);
  partitions.assigned();
  partitions.leaving();
  partitions.lost();
  t.true(partitions.isKnown, 'who leaves waits for nothing');
  partitions.complain();
  t.deepEqual(lines, []);
});
