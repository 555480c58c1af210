// The embedded log under test: load, daemon and log share one process, so figures are of all three
// together.

import { Writable } from 'node:stream';
import pino from 'pino';
import { loadConfig, theJob } from '../../src/config/load.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { Jobs } from '../../src/daemon/jobs.ts';
import { newJob } from '../../src/daemon/running-job.ts';
import type { Sink } from '../../src/log/ports.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { runOpenLoop } from '../load/open-loop.ts';
import type { BenchLog, Job, RunningDaemon, RunningJobs } from './log.ts';
import { LogLines } from './log-lines.ts';

const FETCH_BYTES_MAX = 2 ** 20;

export interface MemoryLog extends BenchLog {
  readonly sink: Sink;
}

export function memoryLog(): MemoryLog {
  const broker = new MemoryBroker();
  const sink = new MemorySink(broker);
  let jobs = 0;
  const open = (topic: string, groupId: string): MemorySource =>
    new MemorySource(broker, { groupId, topic, reset: 'earliest', fetchBytesMax: FETCH_BYTES_MAX });

  async function startDaemon(file: string, settings: readonly string[]): Promise<RunningDaemon> {
    const { config } = theJob(loadConfig({ file, flags: ['log=memory', ...settings], environment: {} }));
    const { lines, stream, failed } = listen();
    const daemon = await Daemon.start(config, {
      logger: pino({ level: config.telemetry.logLevel }, stream),
      log: { source: open(config.input.topic, config.kafka['group.id']), sink },
      failFast: true,
      onFatal: failed.reject,
    });
    return {
      pid: process.pid,
      reports: lines.reports,
      said: lines.said,
      lanes: () => daemon.driver.state.lanes.size,
      failed: failed.promise,
      async stop() {
        const unfinished = await daemon.stop();
        if (unfinished.length > 0)
          throw new Error(`the daemon left work unfinished: ${unfinished.join(', ')}`);
        return daemon.summary();
      },
    };
  }

  async function startJobs(file: string, settings: readonly string[]): Promise<RunningJobs> {
    const { jobs, shared } = loadConfig({ file, flags: ['log=memory', ...settings], environment: {} });
    const { lines, stream, failed } = listen();
    const running = jobs.map(({ name }) => newJob(name));
    const end = new AbortController();
    const started = await Jobs.start(jobs, running, {
      logger: pino({ level: shared.telemetry.logLevel }, stream),
      broker,
      failFast: true,
      signal: end.signal,
      onFatal: failed.reject,
    });
    return {
      pid: process.pid,
      reports: lines.reports,
      said: lines.said,
      lanes: () => running.reduce((sum, { daemon }) => sum + (daemon?.driver.state.lanes.size ?? 0), 0),
      failed: failed.promise,
      async stop() {
        end.abort(new Error('told to end'));
        const unfinished = await started.stop();
        if (unfinished.length > 0) throw new Error(`the jobs left work unfinished: ${unfinished.join(', ')}`);
        return Object.fromEntries(started.jobs.map((job) => [job.name, job.summary()]));
      },
    };
  }

  return {
    kind: 'memory',
    description: 'the embedded log, in the process of the daemon and the load source',
    isCold: false,
    address: '',
    brokerPid: null,
    brokerPauses: () => [],
    async createJob(partitions, { retainedBytes } = {}) {
      const name = `bench-${jobs++}`;
      const job: Job = {
        input: name,
        output: `${name}-out`,
        deadLetters: `${name}-dead`,
        group: name,
        partitions,
      };
      for (const topic of [job.input, job.output, job.deadLetters])
        broker.createTopic(topic, partitions, retainedBytes);
      return job;
    },
    async deleteJob({ input, output, deadLetters }) {
      for (const topic of [input, output, deadLetters]) broker.deleteTopic(topic);
    },
    sink,
    load: (plan, signal) => runOpenLoop(plan, [sink], signal),
    startDaemon,
    startJobs,
    openSource: open,
    ends: async (topic) => broker.partitions(topic).map(({ logStart, logEnd }) => ({ logStart, logEnd })),
    committed: async ({ input, group, partitions }) =>
      Array.from(
        { length: partitions },
        (_, partition) => broker.committed(group, { topic: input, partition }) ?? 0,
      ),
    assigned: async ({ partitions }) => partitions,
    stop: async () => {},
  };
}

/** What a daemon says, and how it tells that it has failed. */
function listen() {
  const lines = new LogLines();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, stream, failed };
}
