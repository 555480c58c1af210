// The first configuration of a newcomer: out of the records of a real topic and a model, good
// enough for `check` and `run`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { formatOfValues, idIn } from '../../src/commands/first-config.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { flags, newJob, Program, produce, ROOT } from '../support/daemon.ts';
import { withBroker } from '../support/kafka.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const newFile = (): string => join(tempFolder('init'), 'scorelane.yaml');

const init = (topic: string, out: string, ...more: string[]) =>
  new Program([
    ...['init', '--topic', topic, '--model', 'creditcard', '--brokers', broker().address, '--out', out],
    ...['--repository', join(ROOT, 'native-models'), ...more],
  ]).ended;

test('from the records of a topic and a model to a configuration that check and run take', async (t) => {
  const job = await newJob(broker().address, [], 2);
  await produce(job, 50, '--rate', 'max');
  const file = newFile();
  const { code, out } = await init(
    job.input,
    file,
    '--output',
    job.results,
    '--dead-letters',
    job.deadLetters,
  );
  t.is(code, 0, out);
  t.regex(
    out,
    /50 records: msgpack\nthey have all fields that the model reads\nwrote .*; next: scorelane check/,
  );
  t.regex(readFileSync(file, 'utf8'), /ids: \["id"\]/);
  const set = ['--set', 'model.backend=wasm', '--set', `kafka.group.id=${job.group}`];
  const checked = await new Program(['check', '--config', file, ...set]).ended;
  t.is(checked.code, 0, checked.out);
  const ran = await new Program(['run', '--config', file, ...set, '--for', '5s', '--set', 'http.listen=none'])
    .ended;
  t.is(ran.code, 0, ran.out);
  t.regex(ran.out, /^scored 50 records /m);
  const again = await init(job.input, file);
  t.is(again.code, 73, again.out);
  t.regex(again.out, /expected a name that is free, found a file/);
});

test('records without the fields of the model are told field by field, with the nearest name, and the file is there to be mended', async (t) => {
  const job = await newJob(broker().address, ['input.format=json'], 1);
  const records = join(tempFolder('init'), 'records.jsonl');
  writeFileSync(records, '{"Tmie": 1, "orderId": "a"}\n{"Tmie": 2, "orderId": "b"}\n');
  const load = new Program([
    'produce',
    '--config',
    'config/kafka.yaml',
    ...flags(job, []),
    '--json',
    records,
  ]);
  t.is((await load.ended).code, 0, load.out);
  const file = newFile();
  const { code, out } = await init(job.input, file);
  t.is(code, 65, out);
  t.regex(out, /2 records: json\n(?:missing: \S+, in 2 of them.*\n)+/);
  t.regex(readFileSync(file, 'utf8'), /format: json[\s\S]*topic: ".*-scores"[\s\S]*ids: \["orderId"\]/);
});

test('a topic that is empty, a topic that is not there and a model that is not there end with what to do', async (t) => {
  const job = await newJob(broker().address, [], 1);
  const empty = await init(job.input, newFile());
  t.is(empty.code, 78, empty.out);
  t.regex(empty.out, /expected records to look at, found none/);
  const nowhere = await init('no-such-topic', newFile());
  t.is(nowhere.code, 78, nowhere.out);
  const unknown = await init(job.input, newFile(), '--model', 'creditcrd');
  t.is(unknown.code, 78, unknown.out);
  t.regex(unknown.out, /creditcard/);
});

test('formats are told apart by what all values are; an id by its name, and because no two are alike', (t) => {
  const bytes = (...all: string[]) => all.map((text) => Buffer.from(text));
  t.is(formatOfValues(bytes('{"a":1}', '{"a":2}'))?.format, 'json');
  t.is(formatOfValues([Buffer.from([0x81, 0xa1, 0x61, 1])])?.format, 'msgpack');
  t.is(formatOfValues([Buffer.from([0, 0, 0, 0, 7, 2, 4])])?.format, 'avro');
  t.is(formatOfValues(bytes('{"a":1}', 'plain text')), null);
  t.is(formatOfValues(bytes('7')), null, 'a digit is MessagePack, and no record');
  t.is(
    idIn([
      { paid: 1, id: 1 },
      { paid: 2, id: 1 },
    ]),
    null,
  );
  t.is(
    idIn([
      { paid: 1, customerId: 1, 'order.id': 3 },
      { paid: 2, customerId: 1, 'order.id': 4 },
    ]),
    null,
  );
  t.is(
    idIn([
      { paid: 1, customer_id: 'x', tx_id: 3 },
      { paid: 2, customer_id: 'x', tx_id: 4 },
    ]),
    'tx_id',
  );
});
