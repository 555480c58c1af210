// What it costs to be watched: a pre-filled topic, whose records all belong to traces, drained with
// neither metrics nor tracing, then with both: scraped every second, spans sent to a receiver. The
// two take turns in one run, and each goes first in every other round.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../src/base/median.ts';
import type { Summary } from '../../src/telemetry/meter.ts';
import { audit } from '../harness/audit.ts';
import type { Bench, Case, Scenario } from '../harness/bench.ts';
import { Runs } from '../harness/figures.ts';
import type { RunningDaemon } from '../harness/log.ts';
import { type Goal, VoidRunError } from '../harness/result.ts';
import type { TracesPlan } from '../load/traced-headers.ts';

/** Of records whose producer sampled them, and of micro-batches that nobody asks for. */
const SHARE = 0.01;
/** A producer may write a trace into all records, or only where it is sampled. */
const INPUTS: Readonly<Record<string, TracesPlan>> = {
  'traces of sampled records': { traced: SHARE, sampled: SHARE },
  'traces of all records': { traced: 1, sampled: SHARE },
};
const COST_MAX = 0.03;
const SCRAPE_MS = 1_000;

/** Takes spans and forgets them. */
async function startReceiver() {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    bytes: () => bytes,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Scrapes until it is stopped, at least once; resolves to how often that worked. */
function scrape(daemon: RunningDaemon): () => Promise<number> {
  const stop = new AbortController();
  let scraped = 0;
  const once = async (): Promise<void> => {
    const line = daemon.said.find(({ msg }) => msg.startsWith('http at '))?.msg ?? '';
    const [, url] = /^http at (\S+): /.exec(line) ?? [];
    if (url !== undefined && (await fetch(`${url}/metrics`)).ok) scraped++;
  };
  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await once();
      await sleep(SCRAPE_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const ended = work();
  return async () => {
    stop.abort();
    await ended;
    // A short run may be over before the daemon has said where it listens.
    if (scraped === 0) await once();
    return scraped;
  };
}

async function drained(bench: Bench, one: Case, traces: TracesPlan, isWatched: boolean): Promise<Summary> {
  const { log, options } = bench;
  const receiver = await startReceiver();
  const job = await log.createJob(options.partitions);
  try {
    await bench.load(job, one, { count: options.count, traces });
    const watched = [
      'http.listen=127.0.0.1:0',
      `tracing.endpoint=${receiver.endpoint}`,
      `tracing.sampling=${SHARE}`,
    ];
    const settings = isWatched ? watched : ['http.listen=none', 'tracing.endpoint=none'];
    const daemon = await bench.startDaemon(job, { ...one, settings });
    const scraped = isWatched ? scrape(daemon) : undefined;
    await bench.caughtUp(job, [daemon]);
    const scrapes = await scraped?.();
    const summary = await daemon.stop();
    if (scrapes === 0) throw new VoidRunError('the metrics were not scraped');
    if (isWatched && receiver.bytes() === 0) throw new VoidRunError('no span came');
    const { format, model } = one;
    await audit(log, { job, sent: options.count, scored: options.count, format, model });
    return summary;
  } finally {
    receiver.stop();
    await log.deleteJob(job);
  }
}

const figuresOf = (off: Summary, on: Summary) => ({
  off: off.recordsPerSecond,
  on: on.recordsPerSecond,
  share: on.recordsPerSecond / off.recordsPerSecond,
  'CPU off': off.cpuMicrosPerRecord,
  'CPU on': on.cpuMicrosPerRecord,
  'CPU share': on.cpuMicrosPerRecord / off.cpuMicrosPerRecord,
});

export const tracing: Scenario = {
  name: 'tracing',
  measures: 'throughput of records with traces, without and with metrics scraped and tracing at 1 %',
  config: 'tracing.yaml',
  needsKafka: true,
  defaults: {
    count: 3_000_000,
    rounds: 6,
    workers: 2,
    partitions: 4,
    formats: ['msgpack'],
    models: ['mlp-30-64-32-1'],
    backends: ['wasm'],
  },
  async run(bench) {
    const runs = new Runs();
    for (let round = 0; round < bench.options.rounds; round++) {
      for (const one of bench.cases())
        for (const [input, traces] of Object.entries(INPUTS)) {
          const found: Partial<Record<'off' | 'on', Summary>> = {};
          for (const which of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const))
            found[which] = await drained(bench, one, traces, which === 'on');
          const { off, on } = found as Record<'off' | 'on', Summary>;
          const name = `${one.format} ${one.model} ${one.backend}, ${input}`;
          runs.add(name, figuresOf(off, on), Math.min(off.seconds, on.seconds));
          bench.say(
            `${name}: ${off.recordsPerSecond} records/s off at ${off.cpuMicrosPerRecord} us, ${on.recordsPerSecond} on at ` +
              `${on.cpuMicrosPerRecord} us, audited`,
          );
        }
    }
    const goals = runs.all.map(({ name, figures }): Goal => {
      const share = median(figures.share ?? []);
      return {
        what: `${name}: throughput with all metrics and tracing at 1 %, of that without`,
        wanted: `at least ${(1 - COST_MAX).toFixed(2)}`,
        measured: share.toFixed(3),
        isMet: share >= 1 - COST_MAX,
      };
    });
    return {
      metrics: [
        { name: 'off', unit: 'records/s', better: 'higher', digits: 0, meaning: 'with neither' },
        { name: 'on', unit: 'records/s', better: 'higher', digits: 0, meaning: 'with both' },
        {
          name: 'share',
          unit: 'on, of off',
          better: 'higher',
          digits: 3,
          meaning: 'how much of the throughput is left; the median of the rounds, each of which has both',
        },
        {
          name: 'CPU off',
          unit: 'us a record',
          better: 'lower',
          digits: 2,
          meaning: 'CPU time of the process',
        },
        { name: 'CPU on', unit: 'us a record', better: 'lower', digits: 2, meaning: 'the same with both' },
        {
          name: 'CPU share',
          unit: 'on, of off',
          better: 'lower',
          digits: 3,
          meaning: 'the one by the other',
        },
      ],
      runs: runs.all,
      plots: [],
      goals,
      notes: [
        ...runs.tooShort,
        'one record in a hundred is sampled; with tracing on, the results of records with a trace have its header too: 68 bytes more',
      ],
    };
  },
};
