// A measured run, with real threads: what its figures are, and that it leaves no trace.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { codecs } from '../../src/codec/codecs.ts';
import type { Config } from '../../src/config/schema.ts';
import { backendFor } from '../../src/daemon/configured-model.ts';
import { type MeasuredRun, measureRun } from '../../src/daemon/measured-run.ts';
import { historyRecords } from '../../src/load/history.ts';
import type { LoadRecord } from '../../src/load/load-record.ts';
import { type PreparedRecord, PreparedRecords } from '../../src/load/prepared.ts';
import { generateTransactions } from '../../src/load/transactions.ts';
import { NO_HEADERS } from '../../src/log/record-batch-writer.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { demoConfig } from '../support/config.ts';
import { MODEL_FOLDER } from '../support/model.ts';
import { registryServer } from '../support/registry-server.ts';

const PARTITIONS = 3;
const config = (...settings: string[]): Config => demoConfig('model.name=creditcard', ...settings);

const transactions = (count: number): PreparedRecord[] =>
  prepared(generateTransactions(join(MODEL_FOLDER, 'generator.json'), 1), count, PARTITIONS);

/** For the model with windows, whose records lie in one partition. */
const history = (count: number): PreparedRecord[] =>
  prepared(
    historyRecords({ seed: 1, customers: 100, terminals: 100, startMs: Date.UTC(2026, 0, 1) }),
    count,
    1,
  );

const prepared = (records: Iterator<LoadRecord>, count: number, partitions: number): PreparedRecord[] =>
  Array.from({ length: count }, (_, number) => {
    const { key, value } = records.next().value as LoadRecord;
    return {
      partition: number % partitions,
      key: Buffer.from(key),
      value: codecs.msgpack.encode(value).slice(),
      headers: NO_HEADERS,
    };
  });

async function measured(
  given: Config,
  records: readonly PreparedRecord[],
  rate: number | null,
): Promise<MeasuredRun> {
  return measureRun(given, {
    records: new PreparedRecords(given.input.topic, records),
    partitions: given.model.name === 'creditcard' ? PARTITIONS : 1,
    rate,
    seconds: 1,
    isGiven: () => true,
    choice: await backendFor(given),
    logger: createLogger('silent'),
  });
}

test.serial(
  'a run measures latency at a rate, and then how much is scored where records always wait',
  async (t) => {
    t.timeout(120_000);
    const { figures, answered, deadLetters } = await measured(config(), transactions(500), 2_000);
    t.true(figures.p50Ms > 0 && figures.p50Ms <= figures.p99Ms && Number.isFinite(figures.p99Ms));
    t.true(figures.recordsPerSecond > 2_000, `${figures.recordsPerSecond}`);
    t.true(figures.cpuMicrosPerRecord > 0);
    t.true(figures.mainThreadShare > 0 && figures.mainThreadShare <= 1);
    t.true(answered > 1_000);
    t.is(deadLetters, 0);
  },
);

test.serial(
  'records that are not answered in time have a latency without end, and the run ends',
  async (t) => {
    t.timeout(120_000);
    const { figures } = await measured(config('microBatch.linger=20s'), transactions(500), 100);
    t.is(figures.p99Ms, Number.POSITIVE_INFINITY);
    t.true(figures.recordsPerSecond > 0, 'where many wait, micro-batches are full');
  },
);

test.serial('a single small record is enough, and dead letters are counted with their codes', async (t) => {
  t.timeout(120_000);
  const [record] = transactions(1) as [PreparedRecord];
  const wrong = { ...record, value: codecs.msgpack.encode({ Tmie: 1 }).slice() };
  const { answered, deadLetters, deadLetterCodes } = await measured(config(), [wrong], null);
  t.true(answered > 0);
  t.is(deadLetters, answered);
  t.deepEqual(Object.keys(deadLetterCodes), ['MISSING_FIELD']);
});

test.serial('it registers no schema, and writes no snapshot of windows', async (t) => {
  t.timeout(120_000);
  const asked: string[] = [];
  using registry = await registryServer(({ method, path }) => {
    asked.push(`${method} ${path}`);
    return { id: 1 };
  });
  const snapshots = tempFolder('snapshots');
  const given = demoConfig(
    ...['output.format=avro', 'output.ids=[]', `registry.url=${registry.url}`],
    ...[`snapshots.directory=${snapshots}`, 'snapshots.interval=100ms', 'memory.partitions=1'],
  );
  const { answered, deadLetters } = await measured(given, history(2_000), null);
  t.true(answered > 0);
  t.is(deadLetters, 0);
  t.deepEqual(asked, []);
  t.deepEqual(readdirSync(snapshots), []);
});
