// Kafka under test: the load source and each daemon are processes of their own, as they are for
// those who use them.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Admin } from 'kafkajs';
import { schema } from '../../src/config/schema.ts';
import { createKafka } from '../../src/kafka/client.ts';
import { loadKafkaJs } from '../../src/kafka/seam.ts';
import { KafkaSource } from '../../src/kafka/source.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { endsWithUs } from '../../tools/at-end.ts';
import { KAFKA_VERSIONS, startBroker } from '../../tools/broker.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { createTopics } from '../../tools/topics.ts';
import type { LoadPlan, LoadReport } from '../load/open-loop.ts';
import { brokerPauses } from './broker-pauses.ts';
import type { BenchLog, Job, RunningProcess } from './log.ts';
import { LogLines } from './log-lines.ts';
import { PROBE_FILE } from './probe.ts';

const root = join(import.meta.dirname, '..', '..');
const loader = join(import.meta.dirname, '..', 'load', 'process.ts');
const probe = pathToFileURL(join(import.meta.dirname, 'probe.ts')).href;
const daemonMain = join(root, 'src', 'main.ts');

/** One round on a machine: TensorFlow must not start a thread for each core in every worker. */
export const ONE_THREAD = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', OMP_NUM_THREADS: '1' };

/**
 * Uses the brokers given, or starts one for the run. Old records stay, and segments go soon when a
 * job asks for it.
 */
export async function kafkaLog(brokers?: string): Promise<BenchLog> {
  const properties = { 'log.retention.check.interval.ms': '5000', 'log.segment.delete.delay.ms': '1000' };
  const pausesFile = join(tempFolder('bench-broker'), 'pauses.log');
  const jvm = [`-Xlog:safepoint:file=${pausesFile}:timemillis`];
  const own = brokers === undefined ? await startBroker({ properties, jvm }) : undefined;
  const address = brokers ?? own?.address ?? '';
  const { Kafka, logLevel, AssignerProtocol } = loadKafkaJs();
  const admin: Admin = new Kafka({ brokers: address.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const name = `bench-${Date.now()}`;
  let jobs = 0;

  return {
    kind: 'kafka',
    description: own === undefined ? `Kafka at ${address}` : `Kafka ${KAFKA_VERSIONS[0]} on the same machine`,
    isCold: own !== undefined,
    address,
    brokerPid: own?.process.pid ?? null,
    brokerPauses: () => (own === undefined ? [] : brokerPauses(readFileSync(pausesFile, 'utf8'))),
    async createJob(partitions, { retainedBytes, appendTimes = false } = {}) {
      const topic = `${name}-${jobs++}`;
      const job: Job = {
        input: topic,
        output: `${topic}-out`,
        deadLetters: `${topic}-dead`,
        group: topic,
        partitions,
      };
      const kept =
        retainedBytes === undefined
          ? {}
          : { 'retention.bytes': String(retainedBytes), 'segment.bytes': String(retainedBytes >> 2) };
      const configs = { 'retention.ms': '-1', ...kept };
      const stamped = appendTimes ? { 'message.timestamp.type': 'LogAppendTime' } : {};
      await createTopics(address, { [job.input]: partitions, [job.deadLetters]: partitions }, configs);
      await createTopics(address, { [job.output]: partitions }, { ...configs, ...stamped });
      return job;
    },
    async deleteJob({ input, output, deadLetters }) {
      await admin.deleteTopics({ topics: [input, output, deadLetters] });
    },
    load: (plan, signal) => loadProcess(address, plan, signal),
    startDaemon: (file, settings, collectionsFile) =>
      startProcess(address, file, settings, (summary) => summary as Summary, collectionsFile),
    startJobs: (file, settings) =>
      startProcess(address, file, settings, (summary) => (summary as { jobs: Record<string, Summary> }).jobs),
    openSource(topic, group) {
      const settings = { ...schema.shape.kafka.parse({}), 'bootstrap.servers': address, 'group.id': group };
      const kafka = createKafka(settings, () => {});
      return new KafkaSource(kafka, { topic, settings, onOutOfRange: 'continue' });
    },
    async ends(topic) {
      const found = await admin.fetchTopicOffsets(topic);
      return found
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ low, high }) => ({ logStart: Number(low), logEnd: Number(high) }));
    },
    async committed({ input, group, partitions }) {
      const asked = admin.fetchOffsets({ groupId: group, topics: [input] });
      const [found] = await asked.catch(notYet);
      const at = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      return Array.from({ length: partitions }, (_, partition) => Math.max(0, at.get(partition) ?? 0));
    },
    async assigned({ group }) {
      const asked = admin.describeGroups([group]).then(({ groups }) => groups);
      const [found] = await asked.catch(notYet);
      if (found?.state !== 'Stable') return 0;
      return found.members.reduce((sum, { memberAssignment }) => {
        const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
        const own: readonly number[][] = Object.values(decoded?.assignment ?? {});
        return sum + own.flat().length;
      }, 0);
    },
    async stop() {
      // A run that ends void leaves them behind.
      for (const child of running) child.kill('SIGKILL');
      await admin.disconnect();
      await own?.stop();
    },
  };
}

/** What was started and has not ended. */
const running = new Set<ChildProcess>();

function watched<T extends ChildProcess>(child: T): T {
  running.add(endsWithUs(child));
  child.once('close', () => running.delete(child));
  return child;
}

/** A group whose coordinator is not ready says so in an error that goes away. */
function notYet(error: unknown): [] {
  if ((error as { readonly retriable?: boolean }).retriable === true) return [];
  throw error;
}

/** A rate without end is null in JSON. */
function loadProcess(address: string, plan: LoadPlan, signal?: AbortSignal): Promise<LoadReport> {
  const child = watched(
    spawn(process.execPath, [loader, '--brokers', address, '--plan', JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const end = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', end, { once: true });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      signal?.removeEventListener('abort', end);
      if (code === 0) resolve(JSON.parse(out) as LoadReport);
      else reject(new Error(`the load source ended with ${code}:\n${errors.slice(-2000)}`));
    });
  });
}

async function startProcess<Stopped>(
  address: string,
  file: string,
  settings: readonly string[],
  stopped: (summary: unknown) => Stopped,
  collectionsFile?: string,
): Promise<RunningProcess<Stopped>> {
  const folder = tempFolder('bench');
  const summaryFile = join(folder, 'summary.json');
  const flags = [`kafka.bootstrap.servers=${address}`, ...settings].flatMap((each) => ['--set', each]);
  const args = [daemonMain, 'run', '--config', file, ...flags, '--summary', summaryFile];
  const probed = collectionsFile === undefined ? [] : ['--import', probe];
  const child = watched(
    spawn(process.execPath, [...probed, ...args], {
      cwd: root,
      env: {
        ...process.env,
        // What it leaves when it is killed goes too.
        TMPDIR: folder,
        ...(collectionsFile === undefined ? {} : { [PROBE_FILE]: collectionsFile }),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  const lines = new LogLines();
  child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let stopping = false;
  const failed = ended.then((code) => {
    if (stopping) return new Promise<never>(() => {});
    throw new Error(`the daemon ended with ${code}:\n${lines.tail}`);
  });
  failed.catch(() => {});
  return {
    pid: child.pid as number,
    reports: lines.reports,
    said: lines.said,
    lanes: () => lines.lanes,
    failed,
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const code = await ended;
      if (code !== 0) throw new Error(`the daemon ended with ${code}:\n${lines.tail}`);
      return stopped(JSON.parse(readFileSync(summaryFile, 'utf8')));
    },
  };
}
