// Several jobs in one process, with real threads on the embedded log: they share the threads and
// nothing else, and what stops one of them stops none of the others.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/load.ts';
import { Jobs } from '../../src/daemon/jobs.ts';
import { newJob, type RunningJob } from '../../src/daemon/running-job.ts';
import type { SourceListener } from '../../src/log/ports.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { planOf, readManifest } from '../../src/model/manifest.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';
import { history, windowsModel } from '../support/windows-model.ts';

const folder = tempFolder('jobs');
const { start, stop: stopSource } = MemorySource.prototype;
const { run } = PiscinaThread.prototype;
test.afterEach.always(() => {
  MemorySource.prototype.start = start;
  MemorySource.prototype.stop = stopSource;
  PiscinaThread.prototype.run = run;
});

interface Started {
  readonly source: MemorySource;
  readonly listener: SourceListener;
}

/** Sources and their listeners, by their topic, from their first assignment on. */
function watchedSources(): ReadonlyMap<string, Started> {
  const started = new Map<string, Started>();
  MemorySource.prototype.start = function (listener) {
    return start.call(this, {
      ...listener,
      assigned: (partitions) => {
        started.set(partitions[0]?.topic ?? '', { source: this, listener });
        listener.assigned(partitions);
      },
    });
  };
  return started;
}

/** Jobs of a file, with what they log. */
async function begin(name: string, jobs: Record<string, object>, shared: object = {}) {
  const file = join(folder, `${name}.yaml`);
  const model = { repository: join(ROOT, 'native-models'), backend: 'wasm' };
  writeFileSync(file, JSON.stringify({ log: 'memory', scoring: { workers: 1 }, model, ...shared, jobs }));
  const loaded = loadConfig({ file, flags: [], environment: {} });
  const running: RunningJob[] = loaded.jobs.map(({ name }) => newJob(name));
  const said: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      said.push(chunk.toString());
      done();
    },
  });
  const end = new AbortController();
  const fatal: Error[] = [];
  const broker = new MemoryBroker();
  const started = await Jobs.start(loaded.jobs, running, {
    logger: pino({ level: 'info' }, stream),
    failFast: false,
    signal: end.signal,
    // Nobody else ends a start that waits.
    onNotReady: (why) => end.abort(new Error(why)),
    onFatal: (error) => fatal.push(error),
    broker,
    restMs: 10,
  });
  const stop = (): Promise<readonly string[]> => {
    end.abort(new Error('told to end'));
    return started.stop();
  };
  return { started, running, said, fatal, stop, broker };
}

const job = (model: string, input: string, output: string, more: object = {}) => ({
  input: { topic: input, format: 'json' },
  output: { topic: output, format: 'json' },
  deadLetters: { topic: `${output}-dead` },
  model: { name: model },
  ...more,
});

/** Records that have their answer, which is a dead letter. */
const records = (topic: string, partition: number, count: number) =>
  batchOf(
    topic,
    partition,
    Array.from({ length: count }, (_, index) => ({
      key: `key-${index % 3}`,
      value: JSON.stringify({ id: index, broken: true }),
    })),
  );

test.serial('two jobs read one topic, each for itself: every record has an answer of both', async (t) => {
  const { started, fatal, stop } = await begin('one-topic', {
    fraud: job('creditcard', 'events', 'scores'),
    again: job('creditcard', 'events', 'scores-again', { kafka: { 'group.id': 'again' } }),
  });
  t.teardown(stop);
  await Promise.all(started.jobs.map(({ begun }) => begun));
  await started.jobs[0]?.sink.produce([records('events', 0, 20), records('events', 1, 5)]);
  await until('all answers of both, committed', () =>
    started.jobs.every(({ meter, lag }) => meter.answered === 25 && lag === 0),
  );
  t.deepEqual(await stop(), []);
  t.deepEqual(fatal, []);
});

test.serial(
  'a job that fails is started again and goes on where it was, and the other is not disturbed',
  async (t) => {
    const sources = watchedSources();
    const loads: string[] = [];
    PiscinaThread.prototype.run = function (request, ...rest) {
      if (request.type === 'load') loads.push(request.deployment);
      return run.call(this, request, ...rest);
    };
    const { started, running, said, fatal, stop } = await begin('restarts', {
      fraud: job('creditcard', 'events', 'scores'),
      other: job('creditcard', 'others', 'others-scored'),
    });
    t.teardown(stop);
    const [fraud, other] = started.jobs;
    await Promise.all(started.jobs.map(({ begun }) => begun));
    await fraud?.sink.produce([records('events', 0, 20)]);
    await until('answers, committed', () => fraud?.meter.answered === 20 && fraud.lag === 0);
    const [before, undisturbed] = running.map(({ daemon }) => daemon);
    sources.get('events')?.listener.failed(new Error('the group is gone'));
    await until('another daemon for the job', () => {
      const { daemon } = running[0] as RunningJob;
      return daemon !== null && daemon !== before;
    });
    await fraud?.sink.produce([records('events', 0, 7), records('others', 2, 4)]);
    await until('answers of both', () => fraud?.meter.answered === 27 && other?.meter.answered === 4);
    t.is(running[1]?.daemon, undisturbed);
    t.is(running[0]?.failed, null);
    // Under a name of its own: a late stop takes back nothing of the successor.
    t.is(new Set(loads).size, loads.length, loads.join());
    const line = said.find((each) => each.includes('the job stopped, and starts again in'));
    t.regex(line ?? '', /"job":"fraud".*the group is gone/);
    t.deepEqual(fatal, []);
    t.deepEqual(await stop(), []);
  },
);

test.serial('a model that cannot be loaded ends the start, and its error names it', async (t) => {
  await t.throwsAsync(
    begin('no-model', {
      fraud: job('creditcard', 'events', 'scores'),
      other: job('no-such-model', 'others', 'others-scored'),
    }),
    { message: /no-such-model/ },
  );
});

test.serial('jobs with the same windows over the same topic share none of them', async (t) => {
  const { folder } = windowsModel(
    '\n  - { path: amount, log1p: true }\n  - { window: { function: sum, by: customer, of: amount, size: 7d } }',
    '{ time: at, partitioning: trusted }',
  );
  const model = { repository: join(folder, '..', '..'), backend: 'wasm' };
  const card = (output: string, group: string): object =>
    job('cards', 'events', output, {
      output: { topic: output, format: 'json', ids: ['id'], features: true },
      kafka: { 'group.id': group },
    });
  const { started, said, stop, broker } = await begin(
    'windows',
    { one: card('one', 'one'), two: card('two', 'two') },
    { model },
  );
  t.teardown(stop);
  await Promise.all(started.jobs.map(({ begun }) => begun));
  const values = history(10, 20).map((record) => ({
    key: record.customer,
    value: JSON.stringify(record),
    timestampMs: record.at,
  }));
  for (let from = 0; from < values.length; from += 50)
    broker.append(batchOf('events', 0, values.slice(from, from + 50)));
  await until('all answers of both', () =>
    started.jobs.every(({ meter }) => meter.answered === values.length),
  );
  t.deepEqual(await stop(), []);
  // A state that another job fed would stand at another offset, and be built up again and again.
  const built = said.filter((line) => line.includes('the state is built up'));
  t.is(built.length, 2 * broker.partitions('events').length, built.join(''));
  const plan = planOf(readManifest(folder));
  const row = new Float32Array(plan.width);
  const alone = history(10, 20).map((record) => {
    plan.fill(record, row, 0, record.at, Buffer.from(record.customer));
    return row.join();
  });
  for (const topic of ['one', 'two']) {
    const scored: string[] = [];
    for (const batch of broker.partition({ topic, partition: 0 }).batches) {
      const results = openRecordBatch(batch, 2 ** 26);
      while (results.next()) {
        const { features } = JSON.parse(Buffer.from(results.value() ?? []).toString());
        scored.push(Float32Array.from(features).join());
      }
    }
    t.deepEqual(scored, alone, topic);
  }
});

test.serial('a stop begins for all jobs at once, also while one that failed is closing', async (t) => {
  const sources = watchedSources();
  const { started, running, stop, broker } = await begin('stop', {
    fraud: job('creditcard', 'events', 'scores'),
    other: job('creditcard', 'others', 'others-scored'),
  });
  t.teardown(stop);
  await Promise.all(started.jobs.map(({ begun }) => begun));
  const left = Promise.withResolvers<void>();
  let isLeaving = false;
  MemorySource.prototype.stop = async function () {
    if (this !== sources.get('events')?.source) return stopSource.call(this);
    isLeaving = true;
    await left.promise;
    return stopSource.call(this);
  };
  sources.get('events')?.listener.failed(new Error('the group is gone'));
  await until('the job to close', () => isLeaving);
  const stopped = stop();
  await until('the other to stop', () => running[1]?.daemon?.driver.state.stopping !== undefined);
  broker.append(records('others', 0, 3));
  left.resolve();
  t.deepEqual(await stopped, []);
  t.is(started.jobs[1]?.meter.answered, 0, 'a job that stops takes no more');
});

test.serial('a start of several jobs waits for a broker that is away, and says so', async (t) => {
  const away = begin(
    'away',
    { fraud: job('creditcard', 'events', 'scores'), other: job('creditcard', 'others', 'others-scored') },
    {
      log: 'kafka',
      scoring: { workers: 1, memoryLimit: '3GiB' },
      kafka: { 'bootstrap.servers': '127.0.0.1:1' },
    },
  );
  await t.throwsAsync(away, { message: /no broker at 127\.0\.0\.1:1/ });
});
