// What users fear, on a real broker under load: kill -9, rebalances, SIGTERM, bad records.
// Invariants 1 to 4 and 7.

import anyTest, { type TestFn } from 'ava';
import {
  allCommitted,
  audit,
  type Job,
  newJob,
  type Program,
  perfect,
  produce,
  readSummary,
  startDaemon,
  startLoad,
  summaryFile,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const KILLS = 5;

/** How many records the results topic holds: how far a run has come. */
async function resultCount(job: Job): Promise<number> {
  const admin = kafkaFor(settingsFor(job.address)).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(job.results);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

test.serial(
  `kill -9 ${KILLS} times under load loses nothing and repeats no more than was in flight`,
  async (t) => {
    const records = 60_000;
    const inFlight = 2;
    const microBatch = 500;
    const partitions = 4;
    const job = await newJob(broker().address, ['model.backend=wasm']);
    const settings = [
      `lanes.inFlight=${inFlight}`,
      `microBatch.records=${microBatch}`,
      'microBatch.bytes=200KiB',
    ];
    const load = startLoad(job, records, '--rate', '6000');
    let scored = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const daemon = await startDaemon(job, settings);
      const before = scored;
      scored = await until('more results', async () => {
        const now = await resultCount(job);
        return now > before + 3_000 && now;
      });
      t.is((await daemon.stop('SIGKILL')).signal, 'SIGKILL');
    }
    const last = await startDaemon(job, settings);
    t.is((await load.ended).code, 0);
    await allCommitted(job, kafkaFor(settingsFor(job.address)));
    t.is((await last.stop()).code, 0);
    const found = await audit(job);
    t.is(found.missing, 0);
    t.is(found.inputs, records);
    t.is(found.uncommitted, 0);
    // In flight are what is with the scorers and the sink, and what was acknowledged since the last
    // commit, 200 ms ago.
    const uncommitted = 6_000 * 0.2 * 3;
    const most = KILLS * (partitions * (inFlight + 1) * microBatch + uncommitted);
    t.log(
      `${found.repeats} of ${records} results repeated by ${KILLS} kills, at most ${most} could have been in flight`,
    );
    t.true(found.repeats <= most, `${found.repeats} repeats, expected at most ${most}`);
  },
);

test.serial(
  'of two instances one is stopped and started again: nothing is lost and nothing repeats',
  async (t) => {
    const records = 40_000;
    const job = await newJob(broker().address, ['model.backend=wasm']);
    const load = startLoad(job, records, '--rate', '4000');
    const staying = await startDaemon(job);
    let other = await startDaemon(job);
    await until('both to score', async () => (await resultCount(job)) > 6_000);
    const ended = await other.stop();
    t.is(ended.code, 0, ended.out);
    other = await startDaemon(job);
    t.is((await load.ended).code, 0);
    await allCommitted(job, kafkaFor(settingsFor(job.address)));
    const both: Program[] = [staying, other];
    for (const daemon of both) {
      const { code, out } = await daemon.stop();
      t.is(code, 0, out);
      t.false(out.includes('gave up'), 'no lane was lost');
    }
    const { worstDifference, codes, ...found } = await audit(job);
    t.deepEqual(found, perfect(records));
  },
);

test.serial(
  'SIGTERM under load exits 0 within the deadline and leaves nothing in flight uncommitted',
  async (t) => {
    const job = await newJob(broker().address, ['model.backend=wasm']);
    const load = startLoad(job, 200_000, '--rate', '20000');
    const daemon = await startDaemon(job);
    await until('results', async () => (await resultCount(job)) > 10_000);
    const started = performance.now();
    const { code, out } = await daemon.stop();
    t.is(code, 0, out);
    // By then Kubernetes would have killed it; a loaded machine needs some of that for the process
    // alone.
    t.true(performance.now() - started < 30_000);
    await load.stop();
    const found = await audit(job);
    t.is(found.resultsAboveCommitted, 0, 'every result that was produced is committed');
    t.is(found.repeats, 0);
  },
);

test.serial(
  'of 1 % garbage each record becomes one dead letter with its bytes untouched, all others are scored',
  async (t) => {
    const records = 30_000;
    const job = await newJob(broker().address, ['model.backend=wasm']);
    await produce(job, records, '--rate', 'max', '--garbage', '0.01');
    const file = summaryFile();
    const daemon = await startDaemon(job, [], ['--summary', file]);
    await allCommitted(job, kafkaFor(settingsFor(job.address)));
    t.is((await daemon.stop()).code, 0);
    const { worstDifference, codes, ...found } = await audit(job);
    t.true(found.bad > 200 && found.bad < 400, `${found.bad} bad records`);
    t.deepEqual(found, {
      ...perfect(records),
      bad: found.bad,
      deadLetters: found.bad,
      results: records - found.bad,
    });
    t.deepEqual(Object.keys(codes).sort(), ['MISSING_FIELD', 'NOT_A_NUMBER', 'NOT_FINITE', 'UNDECODABLE']);
    t.is(readSummary(file).deadLetters, found.bad);
  },
);
