// Inflated record batches must not stay in memory: a thread that is always busy keeps nothing of
// what it has scored. The packages for lz4 and snappy free theirs in a turn of the event loop only,
// which a worker thread does not make by itself.

import test from 'ava';
import { ModelHost } from '../../src/pool/model-host.ts';
import { StatelessPool } from '../../src/pool/stateless-pool.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { COUNTS, deploymentOf, GROWTH, microBatchOf, transactions } from '../support/model.ts';

const TASKS = 100;
const RECORDS = 2_000;
/** Of each record: 2 MB a task, 200 MB in all. */
const REMARKS = 'again and again '.repeat(64);
const MIB = 2 ** 20;

for (const compression of ['lz4', 'snappy', 'zstd', 'gzip'] as const) {
  test.serial(`a thread keeps nothing of what it has inflated: ${compression}`, async (t) => {
    const pool = new StatelessPool({
      hosts: [
        new ModelHost(new PiscinaThread({ deadlineMs: 60_000, growth: GROWTH }), { onThreadLost: t.fail }),
      ],
      deployment: deploymentOf(),
      counts: { now: COUNTS },
      onThreadRetired: t.fail,
    });
    await pool.start();
    const records = transactions(RECORDS).map((value, index) => ({
      key: `k${index}`,
      value: { ...value, remarks: REMARKS },
    }));
    const microBatch = microBatchOf(records, 'msgpack', 0, compression);
    const score = async (tasks: number): Promise<void> => {
      for (let left = tasks; left > 0; left--) pool.release((await pool.score(microBatch)).outputs);
    };
    await score(20);
    const beforeBytes = process.memoryUsage.rss();
    await score(TASKS);
    const grownMib = (process.memoryUsage.rss() - beforeBytes) / MIB;
    t.true(grownMib < 110, `${Math.round(grownMib)} MiB more after ${TASKS} tasks of 2 MB`);
    await pool.stop();
  });
}
