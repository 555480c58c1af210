// The daemon's start with real threads on the embedded log: what may happen while it is under way,
// and what is closed when it fails.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Worker } from 'node:worker_threads';
import test from 'ava';
import { pino } from 'pino';
import type { Config } from '../../src/config/schema.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { type Log, openLog } from '../../src/daemon/open-log.ts';
import { PiscinaThread } from '../../src/pool/worker-thread.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { demoConfig } from '../support/config.ts';
import { batchOf } from '../support/records.ts';
import { until } from '../support/until.ts';

const { run } = PiscinaThread.prototype;
let workers: Worker[] = [];

process.on('worker', (worker) => workers.push(worker));
test.beforeEach(() => {
  workers = [];
});
test.afterEach.always(() => {
  PiscinaThread.prototype.run = run;
});

const demo = (...settings: string[]): Config => demoConfig('scoring.workers=2', ...settings);

function starting(config: Config, log: Log) {
  const said: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      said.push(chunk.toString());
      done();
    },
  });
  const logger = pino({ level: 'info' }, stream);
  const fatal: Error[] = [];
  const start = Daemon.start(config, { logger, log, failFast: true, onFatal: (error) => fatal.push(error) });
  return { said, fatal, start };
}

/** The log of a configuration, and whether its sink was closed. */
function watchedLog(config: Config) {
  const log = openLog(config, pino({ level: 'silent' }));
  const { sink } = log;
  const closed = { sink: false };
  const stop = sink.stop.bind(sink);
  sink.stop = async () => {
    closed.sink = true;
    await stop();
  };
  return { log, closed };
}

/** Of those that had begun: the process hears of each in its next turn. */
async function allGone(): Promise<void> {
  await new Promise(setImmediate);
  await until('all threads to end', () => workers.every(({ threadId }) => threadId === -1));
}

test.serial(
  'a thread that dies while another still loads the model is replaced, and the start goes on',
  async (t) => {
    const lost = Promise.withResolvers<void>();
    const threads: PiscinaThread[] = [];
    let answers = 0;
    PiscinaThread.prototype.run = async function (...args) {
      if (!threads.includes(this)) threads.push(this);
      if (this !== threads[0]) {
        await lost.promise;
        return run.apply(this, args);
      }
      const [first] = workers.slice(-2);
      const answer = await run.apply(this, args);
      // Loaded, and loaded in time: for the pool it has begun. What Node says of a thread without
      // memory left follows.
      if (++answers === 2) setImmediate(() => first?.emit('error', new Error('out of memory')));
      return answer;
    };
    const config = demo();
    const { log } = watchedLog(config);
    const { said, fatal, start } = starting(config, log);
    await until('the loss to be told', () =>
      said.some((line) => line.includes('a worker thread was lost: out of memory')),
    );
    lost.resolve();
    const daemon = await start;
    t.is(daemon.meter.daemon.threadsLost, 1);
    await log.sink.produce([batchOf(config.input.topic, 0, [{ key: 'k', value: 'not a map' }])]);
    await until(
      'an answer',
      () => daemon.meter.summary({ backend: '', model: '', versions: {} }).deadLetters === 1,
    );
    t.deepEqual(await daemon.stop(), []);
    t.deepEqual(fatal, []);
  },
);

test.serial(
  'a start that fails at the log, after all threads have loaded the model, leaves neither sink nor thread',
  async (t) => {
    const config = demo();
    const { log, closed } = watchedLog(config);
    log.source.start = async () => {
      throw new Error('no group for you');
    };
    await t.throwsAsync(starting(config, log).start, { message: 'no group for you' });
    t.true(closed.sink);
    t.true(workers.length >= 2);
    await allGone();
  },
);

test.serial('a start that fails at the model leaves neither sink nor thread', async (t) => {
  PiscinaThread.prototype.run = async () => {
    throw new Error('its golden records are wrong');
  };
  const config = demo();
  const { log, closed } = watchedLog(config);
  await t.throwsAsync(starting(config, log).start, { message: /its golden records are wrong/ });
  t.true(closed.sink);
  await allGone();
});

test.serial(
  'a folder for snapshots that cannot be made ends the start, and leaves neither sink nor thread',
  async (t) => {
    const file = join(tempFolder('start'), 'file');
    writeFileSync(file, '');
    const config = demo(`snapshots.directory=${join(file, 'state')}`);
    const { log, closed } = watchedLog(config);
    await t.throwsAsync(starting(config, log).start, {
      code: 'SCORELANE_CANNOT_WRITE',
      message: /^snapshots\.directory: /,
    });
    t.true(closed.sink);
    await allGone();
    t.deepEqual(readdirSync(join(file, '..')), ['file']);
  },
);
