// The bench on a real broker, as a user runs it: the peers, whose kafkajs and librdkafka need one,
// and the daemon as a process.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Result } from '../../bench/harness/result.ts';
import { SCENARIOS } from '../../bench/scenarios/index.ts';
import { ensurePython } from '../../tools/python.ts';
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
  const folder = mkdtempSync(join(tmpdir(), 'scorelane-bench-'));
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

test.serial('a paced load on Kafka is measured from its schedule, after the warm-up', async (t) => {
  t.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'scorelane-bench-'));
  const words = ['--brokers', broker().address, '--rates', '500', '--seconds', '2', '--warm-up', '0.5'];
  const { code, out } = await bench('latency', ...words, '--backend', 'wasm', '--out', folder);
  t.is(code, 0, out);
  const { runs } = JSON.parse(readFileSync(join(folder, 'latency.json'), 'utf8')) as Result;
  const { throughput, p50, p99 } = runs[0]?.figures ?? {};
  t.true((throughput?.[0] ?? 0) > 250 && (throughput?.[0] ?? 0) < 750, `${throughput}`);
  t.true((p50?.[0] ?? 0) > 0 && (p50?.[0] ?? 0) <= (p99?.[0] ?? 0));
});

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
    [['speed'], /unknown command 'speed'/],
    [['compare', 'no.json', 'no.json'], /cannot compare: no\.json: ENOENT/],
    [['compare', 'package.json', 'package.json'], /package\.json is no result of the bench/],
  ] as const) {
    const { code, out } = await bench(...words);
    t.is(code, 64, out);
    t.regex(out, expected);
  }
});
