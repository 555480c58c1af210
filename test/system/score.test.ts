// `scorelane score`: the records of a file through the pipeline of the daemon, without a log. Its
// results are those of the daemon, byte for byte, and nothing of a file is lost in silence.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { pino } from 'pino';
import { codecs } from '../../src/codec/codecs.ts';
import { loadConfig, theJob } from '../../src/config/load.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { generateHistory } from '../../src/load/history.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { MemorySource } from '../../src/memory/source.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';
import { transactions } from '../support/model.ts';
import { batchOf, INFLATED_BYTES_MAX } from '../support/records.ts';
import { until } from '../support/until.ts';

const folder = tempFolder('score');
const at = (name: string): string => join(folder, name);

/** All that a first configuration needs. */
function configOf(model: string): string {
  const file = at(`${model}.yaml`);
  const repository = join(ROOT, 'native-models');
  writeFileSync(
    file,
    `model: { repository: ${repository}, name: ${model}, backend: wasm }\nscoring: { workers: 2 }\n`,
  );
  return file;
}

const score = (model: string, ...args: string[]): Program =>
  new Program(['score', '--config', configOf(model), ...args]);

/**
 * The values that a daemon on the embedded log writes for these records, as they stand in a file.
 */
async function byTheDaemon(model: string, values: readonly Uint8Array[]): Promise<string> {
  const topics = { 'input.topic': 'in', 'output.topic': 'out', 'deadLetters.topic': 'dead' };
  const { config } = theJob(
    loadConfig({
      file: configOf(model),
      flags: ['log=memory', 'input.format=json', 'output.format=json'],
      environment: {},
      fallbacks: topics,
    }),
  );
  const broker = new MemoryBroker();
  for (const topic of Object.values(topics)) broker.createTopic(topic, 1);
  const source = new MemorySource(broker, {
    groupId: 'g',
    topic: 'in',
    reset: 'earliest',
    fetchBytesMax: 2 ** 20,
  });
  const fatal: Error[] = [];
  const daemon = await Daemon.start(config, {
    logger: pino({ level: 'silent' }),
    log: { source, sink: new MemorySink(broker) },
    failFast: true,
    onFatal: (error) => fatal.push(error),
  });
  // As a producer sends them: a few at a time.
  for (let from = 0; from < values.length; from += 70)
    broker.append(
      batchOf(
        'in',
        0,
        values
          .slice(from, from + 70)
          .map((value) => ({ key: null, value: Buffer.from(value).toString(), timestampMs: 0 })),
      ),
    );
  await until('all records to be committed', () => {
    if (fatal[0] !== undefined) throw fatal[0];
    return broker.committed('g', { topic: 'in', partition: 0 }) === values.length;
  });
  await daemon.stop();
  const lines: string[] = [];
  for (const batch of broker.partition({ topic: 'out', partition: 0 }).batches) {
    const records = openRecordBatch(batch, INFLATED_BYTES_MAX);
    while (records.next()) lines.push(`${Buffer.from(records.value() ?? []).toString()}\n`);
  }
  return lines.join('');
}

test('the results of a file are those of the daemon for the same records, byte for byte, and a broken line is a dead letter with its number', async (t) => {
  const good = transactions(1_000).map((record) => codecs.json.encode(record));
  const values = [...good.slice(0, 500), Buffer.from('{"V1": 1, broken'), ...good.slice(500)];
  const lines = values.map((value) => Buffer.from(value).toString());
  // With an empty line, and line ends of Windows.
  writeFileSync(
    at('in.jsonl'),
    `\uFEFF${lines.slice(0, 100).join('\n')}\n\n${lines.slice(100).join('\r\n')}`,
  );
  const files = ['--in', at('in.jsonl'), '--out', at('out.jsonl'), '--dead-letters', at('dead.jsonl')];
  const { code, out } = await score('creditcard', ...files, '--set', 'microBatch.records=64').ended;
  t.is(code, 65, out);
  t.regex(out, /1000 results of .*in\.jsonl with creditcard 1 on wasm to .*out\.jsonl, 1 dead letter to /);
  t.regex(out, /^1 dead letter, UNDECODABLE: line 502: expected JSON/m);
  t.is(readFileSync(at('out.jsonl'), 'utf8'), await byTheDaemon('creditcard', values));
  const { line, code: reason, value } = JSON.parse(readFileSync(at('dead.jsonl'), 'utf8'));
  t.deepEqual([line, reason, value], [502, 'UNDECODABLE', '{"V1": 1, broken']);
});

test('windows go by the time in the records: a file of JSON lines and one of CSV have the results of the daemon', async (t) => {
  const history = generateHistory({ seed: 1, customers: 50, terminals: 100, startMs: Date.UTC(2026, 0, 1) });
  const records = Array.from({ length: 1_000 }, () => history.next().value as object);
  const values = records.map((record) => codecs.json.encode(record));
  writeFileSync(at('history.jsonl'), values.map((value) => `${Buffer.from(value).toString()}\n`).join(''));
  const rows = [Object.keys(records[0] ?? {}), ...records.map((record) => Object.values(record))];
  writeFileSync(at('history.csv'), rows.map((row) => `${row.join(',')}\n`).join(''));
  const expected = await byTheDaemon('transactions', values);
  t.is(expected.split('\n').length, 1_001);
  for (const name of ['history.jsonl', 'history.csv']) {
    const { code, out } = await score('transactions', '--in', at(name), '--out', at(`${name}.out`)).ended;
    t.is(code, 0, out);
    t.is(readFileSync(at(`${name}.out`), 'utf8'), expected, name);
  }
});

test('records from a pipe are answered as they come, and SIGINT leaves whole lines and exit code 130', async (t) => {
  const [first, second] = transactions(2).map((record) => `${JSON.stringify(record)}\n`) as [string, string];
  const words = ['src/main.ts', 'score', '--config', configOf('creditcard'), '--in', '-', '--out', '-'];
  const child = spawn(process.execPath, words, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let [printed, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin.write(first);
  await until(`a result of the first record:\n${said}`, () => printed.endsWith('}\n'));
  // The beginning of a third record is no record.
  child.stdin.write(`${second}{"V1": `);
  await until('a result of the second', () => printed.split('\n').length === 3);
  child.kill('SIGINT');
  t.is(await ended, 130, said);
  t.deepEqual(
    printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id),
    [0, 1],
  );
  t.regex(said, /ended by SIGINT: standard output has the first 2 results only/);
});

test('what is wrong with a file is said before the model is loaded, with what to do next', async (t) => {
  const cases: readonly (readonly [name: string, text: string, code: number, told: RegExp])[] = [
    [
      'list.json',
      '[{"V1": 1}]',
      65,
      /list\.json is one JSON list, expected one JSON object on each line: jq -c/,
    ],
    ['pretty.json', '{\n  "V1": 1\n}\n', 65, /pretty\.json has one JSON object on many lines, expected/],
    ['none.jsonl', '', 65, /none\.jsonl: no records; expected one JSON object on each line/],
    ['few.csv', 'V1,V2\n1,2\n', 65, /few\.csv has no column "V3", .* which the model reads/],
  ];
  for (const [name, text, code, told] of cases) {
    writeFileSync(at(name), text);
    const { code: found, out } = await score('creditcard', '--in', at(name), '--out', at('never')).ended;
    t.is(found, code, out);
    t.regex(out, told);
    t.notRegex(out, /backend/);
  }
});

test('--job chooses among the jobs of a file, and without it, or with another name, they are named', async (t) => {
  const file = at('jobs.yaml');
  const model = { repository: join(ROOT, 'native-models'), backend: 'wasm' };
  const job = (input: string, name: string) => ({
    ...{ input: { topic: input, format: 'json' }, output: { topic: `${input}-scores`, format: 'json' } },
    ...{ deadLetters: { topic: `${input}-dead` }, model: { name } },
  });
  const jobs = { cards: job('cards', 'creditcard'), rides: job('rides', 'pricing') };
  writeFileSync(file, JSON.stringify({ model, scoring: { workers: 1 }, jobs }));
  const [record] = transactions(1);
  writeFileSync(at('one.jsonl'), `${JSON.stringify(record)}\n`);
  const args = ['score', '--config', file, '--in', at('one.jsonl'), '--out', at('one-scores.jsonl')];
  const { code, out } = await new Program([...args, '--job', 'cards']).ended;
  t.is(code, 0, out);
  t.is((JSON.parse(readFileSync(at('one-scores.jsonl'), 'utf8')) as { model: string }).model, 'creditcard');
  for (const wrong of [[], ['--job', 'cars']]) {
    const ended = await new Program([...args, ...wrong]).ended;
    t.is(ended.code, 64, ended.out);
    t.regex(ended.out, /cards.*rides/s);
  }
});
