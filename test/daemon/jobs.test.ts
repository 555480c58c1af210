// Several jobs in one process, with real threads on the embedded log: they share the threads and
// nothing else, and what stops one of them stops none of the others.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/load.ts';
import { Jobs } from '../../src/daemon/jobs.ts';
import { newJob, type RunningJob } from '../../src/daemon/running-job.ts';
import type { SourceListener } from '../../src/log/ports.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { ROOT } from '../support/daemon.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'scorelane-jobs-'));
const { start } = MemorySource.prototype;
test.afterEach.always(() => {
  MemorySource.prototype.start = start;
});

/** Jobs of a file, with what they log. */
async function begin(name: string, jobs: Record<string, object>) {
  const file = join(folder, `${name}.yaml`);
  const model = { repository: join(ROOT, 'native-models'), backend: 'wasm' };
  writeFileSync(file, JSON.stringify({ log: 'memory', scoring: { workers: 1 }, model, jobs }));
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
  const started = await Jobs.start(loaded.jobs, running, {
    logger: pino({ level: 'info' }, stream),
    failFast: true,
    signal: end.signal,
    onFatal: (error) => fatal.push(error),
    restMs: 10,
  });
  const stop = (): Promise<readonly string[]> => {
    end.abort(new Error('told to end'));
    return started.stop();
  };
  return { started, running, said, fatal, stop };
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
    const listeners = new Map<string, SourceListener>();
    MemorySource.prototype.start = function (listener) {
      return start.call(this, {
        ...listener,
        assigned(partitions) {
          listeners.set(partitions[0]?.topic ?? '', listener);
          listener.assigned(partitions);
        },
      });
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
    listeners.get('events')?.failed(new Error('the group is gone'));
    await until('another daemon for the job', () => {
      const { daemon } = running[0] as RunningJob;
      return daemon !== null && daemon !== before;
    });
    await fraud?.sink.produce([records('events', 0, 7), records('others', 2, 4)]);
    await until('answers of both', () => fraud?.meter.answered === 27 && other?.meter.answered === 4);
    t.is(running[1]?.daemon, undisturbed);
    t.is(running[0]?.failed, null);
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
