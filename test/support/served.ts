// A daemon on the embedded log that serves its model over HTTP.

import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Config } from '../../src/config/schema.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { openLog } from '../../src/daemon/open-log.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import { serveHttp } from '../../src/daemon/serve.ts';
import { startingAt } from '../../src/log/offset.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { load } from './config.ts';
import { ROOT } from './daemon.ts';
import { until } from './until.ts';

export interface Served {
  readonly config: Config;
  readonly daemon: Daemon;
  readonly url: string;
  post(path: string, body: string | Uint8Array, type?: string): Promise<Response>;
  get(path: string): Promise<Response>;
  /** Writes these values into the input, and resolves to what the stream makes of them. */
  stream(values: readonly Uint8Array[], timestampMs?: number): Promise<StreamAnswers>;
  stop(): Promise<void>;
}

export interface StreamAnswers {
  readonly results: readonly Uint8Array[];
  readonly deadLetters: number;
}

export const serveModel = (name: string, ...settings: string[]): Promise<Served> =>
  serveOn(new MemoryBroker(), name, ...settings);

/** Several on one broker are instances of one group. */
export async function serveOn(broker: MemoryBroker, name: string, ...settings: string[]): Promise<Served> {
  const { config } = load(
    `log: memory\ninput: {topic: in}\noutput: {topic: out}\ndeadLetters: {topic: dead}\nmodel: {name: ${name}}\n`,
    [
      `model.repository=${join(ROOT, 'native-models')}`,
      'memory.partitions=1',
      'http.listen=127.0.0.1:0',
      'scoring.workers=1',
      'model.backend=wasm',
      'input.format=json',
      'output.format=json',
      ...settings,
    ],
  );
  const logger = pino({ level: 'warn' }, new Writable({ write: (_, __, done) => done() }));
  const log = openLog(config, logger, broker);
  const fatal: Error[] = [];
  const job = newJob('default');
  const daemon = await Daemon.start(config, {
    ...{ logger, log, failFast: true },
    onFatal: (error) => fatal.push(error),
  });
  job.daemon = daemon;
  const server = await serveHttp(config, [job], { logger, isGiven: () => true, drain: () => {} });
  if (server === null) throw new Error('no server');
  const { url } = server;
  const valuesOf = (topic: string): Uint8Array[] => {
    const partition = broker.partition({ topic, partition: 0 });
    const values: Uint8Array[] = [];
    for (const batch of partition.read(startingAt(0), Number.POSITIVE_INFINITY)) {
      const records = openRecordBatch(batch, Number.POSITIVE_INFINITY);
      while (records.next()) values.push((records.value() ?? new Uint8Array(0)).slice());
    }
    return values;
  };
  return {
    ...{ config, daemon, url },
    post: (path, body, type = 'application/json') =>
      fetch(`${url}${path}`, { method: 'POST', body: body as string, headers: { 'content-type': type } }),
    get: (path) => fetch(`${url}${path}`),
    async stream(values, timestampMs = 1_700_000_000_000) {
      const before = { results: valuesOf('out').length, letters: valuesOf('dead').length };
      const writer = new RecordBatchWriter();
      for (const value of values) writer.appendRecord(timestampMs, null, value);
      broker.append({ topic: 'in', partition: 0, ...writer.finish() });
      return until('the stream to score', () => {
        const results = valuesOf('out').slice(before.results);
        const deadLetters = valuesOf('dead').length - before.letters;
        return results.length + deadLetters === values.length && { results, deadLetters };
      });
    },
    async stop() {
      await daemon.stop();
      await server.stop();
      if (fatal[0] !== undefined) throw fatal[0];
    },
  };
}
