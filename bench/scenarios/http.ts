// Single requests over HTTP: how many a second, against TensorFlow.js in a handler of Fastify; and
// what a stream notices of them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { median } from '../../src/base/median.ts';
import { endsWithUs } from '../../tools/at-end.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import { ONE_THREAD } from '../harness/kafka-log.ts';
import type { RunningDaemon } from '../harness/log.ts';
import { percentileCurve } from '../harness/plots.ts';
import { cpuMicrosOf } from '../harness/proc.ts';
import { atLeast, type Goal, type Metric, ratio, type Series, VoidRunError } from '../harness/result.ts';
import type { ClientsReport } from '../load/http-clients.ts';
import { forward, mlp } from '../models/mlp.ts';
import { ensureModel } from '../models/repository.ts';
import { featuresOf, Workload } from '../workload.ts';

const CLIENTS = 64;
/** Over the peer. */
const FASTER = 5;
/** How much slower the stream's p99 may be beside the flood. */
const SLOWER_MAX = 1.5;
const PATH = '/v1/score/default';
const SCORE_TOLERANCE = 1e-4;

const bench = join(import.meta.dirname, '..');

const metric = (
  name: string,
  unit: string,
  better: Metric['better'],
  digits: number,
  meaning: string,
): Metric => ({ name, unit, better, digits, meaning });

const metrics: readonly Metric[] = [
  metric('peer', 'requests/s', null, 0, `TensorFlow.js in a handler of Fastify, ${CLIENTS} clients`),
  metric('no model', 'requests/s', null, 0, 'the peer without its model: what HTTP alone gives it'),
  metric('requests', 'requests/s', 'higher', 0, `scorelane, ${CLIENTS} clients of one record each`),
  metric('faster', 'times', 'higher', 2, 'scorelane over the peer'),
  metric('peer p99', 'ms', null, 1, '99 of 100 requests to the peer were answered within this time'),
  metric('p99', 'ms', 'lower', 1, 'the same of scorelane'),
  metric('peer p50', 'ms', null, 1, 'half of the requests to the peer were answered within this time'),
  metric('p50', 'ms', 'lower', 1, 'the same of scorelane'),
  metric('peer CPU', 'us/request', null, 0, 'CPU time of the process of the peer'),
  metric('CPU', 'us/request', 'lower', 0, 'the same of scorelane'),
  metric(
    'stream p99 alone',
    'ms',
    'lower',
    1,
    '99 of 100 records of the stream had their result within this time',
  ),
  metric(
    'stream p99 beside',
    'ms',
    'lower',
    1,
    `the same while ${CLIENTS} clients ask as fast as they get answers`,
  ),
  metric('stream ratio', 'times', 'lower', 2, 'p99 beside the requests over p99 alone'),
  metric('beside', 'requests/s', 'higher', 0, 'what the clients got beside the stream'),
  metric(
    'refused',
    'requests/s',
    null,
    0,
    'of the requests beside the stream, those that got another status than 200',
  ),
];

interface Measured extends ClientsReport {
  readonly cpuMicros: number;
}

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly path: string;
  /** False for the peer without its model. */
  readonly hasScores: boolean;
}

/** Clients that ask. */
interface Asking {
  readonly measured: Promise<Measured>;
}

type Three = [number, number, number];

/** Checks the answer to one record, and measures what the clients get. */
async function measure(server: Server, one: Case, seconds: number, warmUp: number): Promise<Measured> {
  const { measured } = await startClients(server, one, seconds, warmUp);
  return measured;
}

/** Resolves when the clients get answers: their time counts from then on. */
async function startClients(
  server: Server,
  { model }: Case,
  seconds: number,
  warmUp: number,
): Promise<Asking> {
  const { width } = mlp(model);
  if (server.hasScores) await checkScore(server, model, width);
  const script = join(bench, 'load', 'http-clients.ts');
  const flags = { port: server.port, path: server.path, width, clients: CLIENTS, seconds, 'warm-up': warmUp };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const before = cpuMicrosOf(server.pid);
  const child = endsWithUs(
    spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const measured = once(child, 'close').then(([code, signal]) => {
    if (code !== 0) throw new Error(`the clients ended with ${signal ?? code}`);
    const report = JSON.parse(out.slice(out.indexOf('\n'))) as ClientsReport;
    // Of the warm-up too: the CPU time is that of all the time.
    const share = report.seconds / (report.seconds + warmUp);
    return { ...report, cpuMicros: ((cpuMicrosOf(server.pid) - before) * share) / report.answered };
  });
  await Promise.race([once(child.stdout, 'data'), measured]);
  return { measured };
}

/** Rejects with `VoidRunError` where the score is not that of the model. */
async function checkScore({ port, path }: Server, model: string, width: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: new Workload('json', width).value(7).toString(),
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  const score = Number(/"score":([-\d.e]+)/.exec(text)?.[1]);
  const wanted = forward(mlp(model), featuresOf(7, width));
  if (!(Math.abs(score - wanted) <= SCORE_TOLERANCE))
    throw new VoidRunError(`expected a score of ${wanted}, found ${text}`);
}

async function measurePeer({ options }: Bench, one: Case, hasScores = true): Promise<Measured> {
  const script = join(bench, 'peers', 'http-handler.ts');
  const words = ['--model', ensureModel(one.model), '--backend', hasScores ? one.backend : 'none'];
  const child = endsWithUs(
    spawn(process.execPath, [script, ...words], {
      env: { ...process.env, ...ONE_THREAD },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const ended = once(child, 'close');
  try {
    const [line] = (await Promise.race([
      once(child.stdout.setEncoding('utf8'), 'data'),
      ended.then(() => {
        throw new Error('the peer ended before it served');
      }),
    ])) as [string];
    const { port } = JSON.parse(line) as { port: number };
    const server = { pid: child.pid as number, port, path: '/score', hasScores };
    return await measure(server, one, options.seconds, options.warmUp);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export const http: Scenario = {
  name: 'http',
  measures:
    'single requests a second against TensorFlow.js in a handler of Fastify, and what a stream notices of them',
  config: 'http.yaml',
  needsKafka: true,
  defaults: {
    seconds: 10,
    warmUp: 3,
    rounds: 3,
    rate: 2_000,
    workers: 1,
    partitions: 4,
    formats: ['json'],
    models: ['mlp-30-64-32-1'],
    backends: ['native', 'wasm'],
  },
  async run(bench) {
    const { options, say } = bench;
    const runs = new Runs();
    const curves: Series[] = [];
    for (let round = 0; round < options.rounds; round++)
      for (const each of bench.cases()) {
        const name = `${each.model} ${each.backend}`;
        const port = await freePort();
        const settings = [
          `http.listen=127.0.0.1:${port}`,
          `telemetry.warmUp=${Math.round(options.warmUp * 1000)}ms`,
        ];
        const one = { ...each, settings };
        const peer = await measurePeer(bench, one);
        const empty = await measurePeer(bench, one, false);
        const ours = await measureAlone(bench, one, port);
        const alone = await streamed(bench, one, port, false);
        const beside = await streamed(bench, one, port, true);
        const [before, after] = [alone.summary.latencyMs.endToEnd.p99, beside.summary.latencyMs.endToEnd.p99];
        const rates = [peer, ours, empty].map(({ answered, seconds }) => answered / seconds) as Three;
        runs.add(name, {
          peer: rates[0],
          'no model': rates[2],
          requests: rates[1],
          faster: rates[1] / rates[0],
          'peer p99': peer.p99Ms,
          p99: ours.p99Ms,
          'peer p50': peer.p50Ms,
          p50: ours.p50Ms,
          'peer CPU': peer.cpuMicros,
          CPU: ours.cpuMicros,
          'stream p99 alone': before,
          'stream p99 beside': after,
          'stream ratio': after / before,
          beside: (beside.clients?.answered ?? 0) / options.seconds,
          refused: (beside.clients?.refused ?? 0) / options.seconds,
        });
        say(
          `${name}: ${Math.round(rates[1])} requests/s, p99 ${ours.p99Ms} ms; ` +
            `the peer ${Math.round(rates[0])}, ${peer.p99Ms} ms, without its model ${Math.round(rates[2])}; ` +
            `a stream of ${options.rate}/s: p99 ${before} ms alone, ${after} ms beside the requests; audited`,
        );
        if (round > 0) continue;
        curves.push(percentileCurve(`${name}, alone`, alone.summary.histograms.endToEnd));
        curves.push(percentileCurve(`${name}, beside the requests`, beside.summary.histograms.endToEnd));
      }
    return {
      metrics,
      runs: runs.all,
      plots: [
        {
          title: 'End-to-end latency of the stream by percentile',
          x: 'percentile of records',
          y: 'ms',
          kind: 'percentile',
          series: curves,
        },
      ],
      goals: runs.all.flatMap(({ name }) => goalsOf(runs, name)),
      notes: [
        `${CLIENTS} connections that are kept alive, each with one request of one record (JSON, about 540 bytes) ` +
          'at a time. The clients, the server and the broker share the machine: on two cores the clients take about half of one.',
        'The peer does what its documentation says: tf.tensor2d, predict, data. Both peers have one thread for TensorFlow.',
        `The stream has ${options.rate} records a second. Every round measures the peer, scorelane, and the stream alone and beside the ` +
          'requests, one after the other.',
      ],
    };
  },
};

function goalsOf(runs: Runs, name: string): Goal[] {
  const [p99, peerP99, slower] = ['p99', 'peer p99', 'stream ratio'].map((each) =>
    median(runs.figures(name, each)),
  ) as [number, number, number];
  return [
    atLeast(`${name}: requests a second, over the peer`, FASTER, median(runs.figures(name, 'faster'))),
    {
      what: `${name}: p99 of requests`,
      wanted: `at most that of the peer, ${peerP99.toFixed(1)} ms`,
      measured: `${p99.toFixed(1)} ms`,
      isMet: p99 <= peerP99,
    },
    {
      what: `${name}: p99 of the stream beside the requests, over alone`,
      wanted: `at most ${ratio(SLOWER_MAX)}`,
      measured: ratio(slower),
      isMet: slower <= SLOWER_MAX,
    },
  ];
}

async function measureAlone(bench: Bench, one: Case, port: number): Promise<Measured> {
  const job = await bench.log.createJob(bench.options.partitions);
  const [daemon] = await bench.startReady(job, one);
  const { pid = 0 } = daemon ?? {};
  const { seconds, warmUp } = bench.options;
  const measured = await measure({ pid, port, path: PATH, hasScores: true }, one, seconds, warmUp);
  await daemon?.stop();
  await bench.log.deleteJob(job);
  return measured;
}

/** A paced stream, audited; with clients beside it or without. */
async function streamed(bench: Bench, one: Case, port: number, isFlooded: boolean) {
  const job = await bench.log.createJob(bench.options.partitions);
  const { rate, seconds, warmUp } = bench.options;
  let clients: Asking | undefined;
  const flood = {
    begin: async ({ pid }: RunningDaemon) => {
      clients = await startClients({ pid, port, path: PATH, hasScores: true }, one, seconds, warmUp);
      clients.measured.catch(() => {});
    },
    end: async () => {
      await clients?.measured;
    },
  };
  const { summary } = await bench.pace(job, one, rate, seconds + warmUp, isFlooded ? flood : {});
  await bench.log.deleteJob(job);
  return { summary, clients: await clients?.measured };
}
