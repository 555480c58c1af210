// Records of Avro over HTTP, with a real registry: as they are in the topic, in their frames, they
// get what the stream gives them; JSON is refused with what to send.

import test from 'ava';
import avsc from 'avsc';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import { RecordBatchWriter } from '../../src/log/record-batch-writer.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { type Registry, startRegistry } from '../../tools/registry.ts';
import { errorsIn, textsIn } from '../support/memory-records.ts';
import { type Served, serveOn } from '../support/served.ts';
import { until } from '../support/until.ts';
import { history, windowsModel } from '../support/windows-model.ts';

const PARTITIONS = 4;
const SCORE = '/v1/score/default';
const MODEL = windowsModel(
  '\n  - { path: amount, log1p: true }\n  - { window: { function: sum, by: customer, of: amount, size: 1d } }',
  '{ time: at, ahead: unbounded }',
);
const schema = (name: string, ...more: object[]) => ({
  ...{ type: 'record', name },
  fields: [
    { name: 'id', type: 'long' },
    { name: 'at', type: 'long' },
    { name: 'customer', type: 'string' },
    { name: 'amount', type: 'double' },
    ...more,
  ],
});
const [FIRST, SECOND] = [schema('First'), schema('Second', { name: 'more', type: 'int', default: 0 })];
const RECORDS = history(3, 20);
type Given = (typeof RECORDS)[number];

let registry: Registry;
const ids: number[] = [];
test.before(async (t) => {
  t.timeout(180_000);
  registry = await startRegistry();
  for (const [index, each] of [FIRST, SECOND].entries()) {
    const answer = await fetch(`${registry.url}/subjects/s${index}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: JSON.stringify(each) }),
    });
    ids.push(((await answer.json()) as { readonly id: number }).id);
  }
});
test.after.always(() => registry?.stop());

/** In the frame of Confluent: a zero, and the number of the schema. */
function framed(record: Given, which: 0 | 1, id = ids[which] as number): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  const type = avsc.Type.forSchema([FIRST, SECOND][which] as avsc.Schema);
  return Buffer.concat([head, type.toBuffer({ ...record, more: 1 })]);
}

interface Answer {
  readonly result?: object;
  readonly error?: { readonly code: string };
}
const answersOf = async (answer: Promise<Response>): Promise<readonly Answer[]> => {
  const found = await answer;
  const text = await found.text();
  if (found.status !== 200) throw new Error(`${found.status}: ${text}`);
  return (JSON.parse(text) as { readonly answers: readonly Answer[] }).answers;
};
const several = (values: readonly Buffer[], records: readonly Given[]): string =>
  JSON.stringify({
    base64: values.map((value) => value.toString('base64')),
    keys: records.map(({ customer }) => customer),
    timestamps: records.map(({ at }) => at),
  });

async function serve(broker: MemoryBroker, partitions: number): Promise<Served> {
  const avro = ['input.format=avro', `registry.url=${registry.url}`, 'output.ids=id'];
  return serveOn(broker, 'cards', ...MODEL.settings, `memory.partitions=${partitions}`, ...avro);
}

async function write(broker: MemoryBroker, values: readonly Buffer[], records: readonly Given[]) {
  records.forEach((record, index) => {
    const key = Buffer.from(record.customer);
    const writer = new RecordBatchWriter();
    writer.appendRecord(record.at, key, values[index] as Buffer);
    broker.append({ topic: 'in', partition: partitionOfKey(key, PARTITIONS), ...writer.finish() });
  });
  await until('the stream to score', () => {
    const answered = textsIn(broker, PARTITIONS).length + errorsIn(broker, PARTITIONS).length;
    return answered === records.length;
  });
}

test('records of two schemas that no thread has read yet get what the stream writes', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker, PARTITIONS);
  t.teardown(() => served.stop());
  const next = [...new Map(RECORDS.map((record) => [record.customer, record])).values()].slice(0, 12);
  const values = next.map((record, index) => framed(record, index % 2 === 0 ? 0 : 1));
  await until('the lanes to be there', async () => {
    const { status } = await served.post(SCORE, several(values.slice(0, 1), next.slice(0, 1)));
    return status === 200;
  });
  const answers = await answersOf(served.post(SCORE, several(values, next)));
  await write(broker, values, next);
  t.deepEqual(
    answers.map(({ result }) => JSON.stringify(result)).toSorted(),
    [...textsIn(broker, PARTITIONS)].toSorted(),
  );
});

test('one record is sent as it is; an unknown schema costs only its record', async (t) => {
  const broker = new MemoryBroker();
  const served = await serve(broker, 1);
  t.teardown(() => served.stop());
  const [record] = RECORDS as [Given];
  const alone = (value: Buffer) => served.post(SCORE, value, 'application/octet-stream');
  await until('the lane to be there', async () => (await alone(framed(record, 0))).status === 200);
  const [one] = await answersOf(alone(framed(record, 1)));
  t.truthy(one?.result);
  const mixed = [framed(record, 0), framed(record, 0, 99_999), framed(record, 1)];
  const answers = await answersOf(served.post(SCORE, several(mixed, [record, record, record])));
  t.deepEqual(
    answers.map(({ result, error }) => (result === undefined ? error?.code : 'scored')),
    ['scored', 'NO_SCHEMA', 'scored'],
  );
});

test('JSON is refused with what to send', async (t) => {
  const served = await serve(new MemoryBroker(), 1);
  t.teardown(() => served.stop());
  const refused = await served.post(SCORE, JSON.stringify(RECORDS[0]));
  t.is(refused.status, 415);
  t.regex(await refused.text(), /input of this job is Avro: expected application\/octet-stream.*base64/);
});
