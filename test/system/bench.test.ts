// The bench on a real broker, as a user runs it: the peers, whose kafkajs and librdkafka need one,
// and the daemon as a process.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Result } from '../../bench/harness/result.ts';
import { SCENARIOS } from '../../bench/scenarios/index.ts';
import { ensurePython } from '../../tools/python.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { ROOT } from '../support/daemon.ts';
import { withBroker } from '../support/kafka.ts';

const test = anyTest as TestFn;
const broker = withBroker(test, {}, async () => {
  await ensurePython();
});

/** Runs `npm run bench --` with these words. */
function bench(...words: string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bench', 'main.ts'), ...words], { cwd: ROOT });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}

test.serial('every peer and the daemon score the same topic, audited, with a ratio for each', async (t) => {
  t.timeout(240_000);
  const folder = tempFolder('bench');
  const words = ['--brokers', broker().address, '--count', '20000', '--seconds', '1', '--warm-up', '0.1'];
  const settings = ['--set', 'telemetry.warmUp=0ms', '--rounds', '1', '--format', 'msgpack'];
  const { code, out } = await bench('peers', ...words, ...settings, '--out', folder);
  t.is(code, 0, out);
  const { runs, goals, notes } = JSON.parse(readFileSync(join(folder, 'peers.json'), 'utf8')) as Result;
  const scorers = [
    'eachMessage',
    'eachBatch wasm',
    'eachBatch native',
    'Python onnxruntime',
    'Python tensorflow',
  ];
  t.deepEqual(
    runs.map(({ name }) => name),
    [...scorers, 'scorelane wasm', 'scorelane native'].map((name) => `msgpack mlp-30-64-32-1 ${name}`),
  );
  t.true(runs.every(({ figures }) => (figures.throughput?.[0] ?? 0) > 0));
  t.is(goals.length, 4);
  t.false(notes.some((note) => note.includes('NOT MEASURED')));
});

test.serial('metrics and tracing are measured on and off by turns, and spans and scrapes came', async (t) => {
  t.timeout(120_000);
  const folder = tempFolder('bench');
  const words = ['--brokers', broker().address, '--count', '20000', '--rounds', '1', '--workers', '1'];
  const { code, out } = await bench('tracing', ...words, '--set', 'telemetry.warmUp=0ms', '--out', folder);
  t.is(code, 0, out);
  const { runs, goals } = JSON.parse(readFileSync(join(folder, 'tracing.json'), 'utf8')) as Result;
  t.is(runs.length, 2);
  t.true(runs.every(({ figures }) => (figures.on?.[0] ?? 0) > 0 && (figures.off?.[0] ?? 0) > 0));
  t.is(goals.length, 2);
});

test.serial(
  'requests are measured against a handler of Fastify, and a stream alone and beside them',
  async (t) => {
    t.timeout(120_000);
    const folder = tempFolder('bench');
    const words = ['--brokers', broker().address, '--rate', '300', '--seconds', '1', '--warm-up', '0.5'];
    const { code, out } = await bench(
      'http',
      ...words,
      ...['--rounds', '1', '--backend', 'native,wasm', '--out', folder],
    );
    t.is(code, 0, out);
    const { runs, goals } = JSON.parse(readFileSync(join(folder, 'http.json'), 'utf8')) as Result;
    t.deepEqual(
      runs.map(({ name }) => name),
      ['mlp-30-64-32-1 native', 'mlp-30-64-32-1 wasm'],
    );
    for (const { figures } of runs)
      for (const [name, [figure = Number.NaN]] of Object.entries(figures))
        t.true(name === 'refused' ? figure >= 0 : figure > 0, `${name} ${figure}`);
    t.is(goals.length, 6);
  },
);

test.serial(
  'a live load is measured alike for the daemon and a peer, and a peer that is not there is named',
  async (t) => {
    t.timeout(120_000);
    const folder = tempFolder('bench');
    const words = ['--brokers', broker().address, '--rates', '300', '--seconds', '1', '--warm-up', '0.5'];
    const load = ['--linger', '0', '--burst', '20'];
    const scorers = ['--backend', 'wasm', '--kinds', 'plain,transactions', '--peers', 'eachBatch,rust'];
    const rust = ['--rust', join(folder, 'none')];
    const { code, out } = await bench('live', ...words, ...load, ...scorers, ...rust, '--out', folder);
    t.is(code, 0, out);
    const { runs, goals, notes, tables } = JSON.parse(
      readFileSync(join(folder, 'live.json'), 'utf8'),
    ) as Result;
    t.deepEqual(
      runs.map(({ name }) => name),
      ['scorelane wasm, 300/s', 'scorelane wasm transactions, 300/s', 'eachBatch, 300/s'],
    );
    for (const { figures } of runs) {
      const [p50 = 0, p99 = 0, max = 0] = ['p50', 'p99', 'max'].map((name) => figures[name]?.[0]);
      t.true(p50 > 0 && p50 <= p99 && p99 <= max, JSON.stringify(figures));
    }
    // On a busy machine a scorer may score nothing in the measured second.
    t.true(
      runs.some(({ figures }) => (figures.CPU?.[0] ?? 0) > 0),
      out,
    );
    t.true(goals.some(({ what }) => what === "scorelane wasm, 300/s: p99, the best peer's"));
    t.true(
      notes.some((note) => note.startsWith('NOT MEASURED: rust')),
      out,
    );
    t.is(tables?.[0]?.rows[0]?.length, 5, 'what the slowest waited for is named');
  },
);

test.serial(
  'the version that serves is moved under load, and the output says that all lanes followed once',
  async (t) => {
    t.timeout(120_000);
    const folder = tempFolder('bench');
    const words = ['--brokers', broker().address, '--rate', '1000', '--moves', '1', '--seconds', '0.5'];
    const { code, out } = await bench(
      'swap',
      ...words,
      ...['--warm-up', '0.5', '--backend', 'wasm', '--out', folder],
    );
    t.is(code, 0, out);
    const { runs, goals } = JSON.parse(readFileSync(join(folder, 'swap.json'), 'utf8')) as Result;
    t.deepEqual(
      runs.map(({ name }) => name),
      ['msgpack mlp-30-64-32-1 wasm'],
    );
    const [figures = {}] = runs.map((run) => run.figures);
    for (const kind of ['instant', 'loading']) {
      const [first = 0, last = 0] = [`first ${kind}`, `last ${kind}`].map((name) => figures[name]?.[0]);
      t.true(first > 0 && first <= last, `${kind}: ${first}, ${last}`);
      t.true((figures[`p99 ${kind}`]?.[0] ?? 0) > 0);
    }
    t.is(goals.length, 2);
  },
);

test.serial('a shadow is there before it is measured, and scores what it has the time for', async (t) => {
  t.timeout(120_000);
  const folder = tempFolder('bench');
  const words = ['--brokers', broker().address, '--count', '20000', '--rate', '1000', '--seconds', '1'];
  const { code, out } = await bench(
    'shadow',
    ...words,
    ...['--warm-up', '0.2', '--rounds', '1', '--out', folder],
  );
  t.is(code, 0, out);
  const { runs, goals } = JSON.parse(readFileSync(join(folder, 'shadow.json'), 'utf8')) as Result;
  for (const name of ['plain', 'shadow', 'drift', 'CPU paced', 'CPU paced shadow', 'shadowed paced'])
    t.true((runs[0]?.figures[name]?.[0] ?? 0) > 0, name);
  t.is(goals.length, 3);
});

test.serial(
  'a replay is measured with one version and with two, of what the live job has scored',
  async (t) => {
    t.timeout(120_000);
    const folder = tempFolder('bench');
    const words = ['--brokers', broker().address, '--count', '5000', '--rounds', '1', '--backend', 'wasm'];
    const { code, out } = await bench('replay', ...words, '--set', 'telemetry.warmUp=0ms', '--out', folder);
    t.is(code, 0, out);
    const { runs, goals } = JSON.parse(readFileSync(join(folder, 'replay.json'), 'utf8')) as Result;
    t.is(runs.length, 2);
    for (const { figures } of runs)
      for (const name of ['live', 'one', 'two']) t.true((figures[name]?.[0] ?? 0) > 0, name);
    t.is(goals.length, 4);
  },
);

test('list names every scenario', async (t) => {
  const { code, out } = await bench('list');
  t.is(code, 0);
  for (const { name, measures } of SCENARIOS) t.true(out.includes(name) && out.includes(measures));
});

test('words that are wrong say what was expected, and end with 64', async (t) => {
  for (const [words, expected] of [
    [['peers', '--log', 'memory'], /peers needs Kafka/],
    [['throughput', '--format', 'xml'], /expected some of msgpack, json/],
    [['throughput', '--model', 'mlp-3'], /expected a name like mlp-30-64-32-1/],
    [['throughput', '--count', '0'], /whole number above 0/],
    [['latency', '--minutes', '3'], /unknown option '--minutes'/],
    [['live', '--kinds', 'fast'], /expected some of plain, windows, transactions, compressed/],
    [['speed'], /unknown command 'speed'/],
    [['compare', 'no.json', 'no.json'], /cannot compare: no\.json: ENOENT/],
    [['compare', 'package.json', 'package.json'], /package\.json is no result of the bench/],
  ] as const) {
    const { code, out } = await bench(...words);
    t.is(code, 64, out);
    t.regex(out, expected);
  }
});
