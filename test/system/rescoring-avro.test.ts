// `replay` and `models report` with a real registry: results go to a topic in Avro as the job
// writes them, and labels and results are read in Avro, by the schemas they were written with.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { type Registry, startRegistry } from '../../tools/registry.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { createTopics } from '../../tools/topics.ts';
import { allCommitted, flags, type Job, newJob, Program, startDaemon } from '../support/daemon.ts';
import { kafkaFor, python, settingsFor, withBroker } from '../support/kafka.ts';
import { transactions } from '../support/model.ts';
import { replaysOf } from '../support/replays.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
let registry: Registry;
test.before(async (t) => {
  t.timeout(180_000);
  registry = await startRegistry();
});
test.after.always(() => registry?.stop());

const RECORDS = 300;
const NAMES = Array.from({ length: 28 }, (_, index) => `V${index + 1}`);
const schema = (...fields: readonly object[]) => ({ type: 'record', name: 'Record', fields });
const INPUT = schema(
  { name: 'id', type: 'long' },
  ...[...NAMES, 'Amount'].map((name) => ({ name, type: 'double' })),
);
/** Two services write labels, each with its own schema. */
const LABELS = [
  schema({ name: 'id', type: 'long' }, { name: 'fraud', type: 'int' }),
  schema({ name: 'fraud', type: 'boolean' }, { name: 'by', type: 'string' }, { name: 'id', type: 'long' }),
];

type Written = readonly (readonly [number, Record<string, unknown>])[];

async function write(topic: string, records: Written, schemas: readonly object[]): Promise<void> {
  const folder = tempFolder('avro');
  const [schemasFile, recordsFile] = [join(folder, 'schemas.json'), join(folder, 'records.json')];
  writeFileSync(schemasFile, JSON.stringify(schemas));
  writeFileSync(recordsFile, JSON.stringify(records));
  await python('avro_writer.py', broker().address, topic, registry.url, schemasFile, recordsFile);
}

for (const framing of ['confluent', 'single-object'] as const)
  test.serial(`${framing}: the results of a replay, and labels, in Avro`, async (t) => {
    t.timeout(120_000);
    const job: Job = await newJob(
      broker().address,
      [
        'model.backend=wasm',
        'input.format=avro',
        'output.format=avro',
        `output.framing=${framing}`,
        `registry.url=${registry.url}`,
      ],
      2,
    );
    const { replayed } = replaysOf(() => job);
    const values = transactions(RECORDS).map(({ id, ...rest }) => ({
      id,
      ...Object.fromEntries([...NAMES, 'Amount'].map((name) => [name, rest[name]])),
    }));
    await write(
      job.input,
      values.map((value) => [0, value] as const),
      [INPUT],
    );
    const fraud = (index: number): boolean => index % 10 === 3;
    const [labels, target] = [`${job.input}-labels`, `${job.results}-replayed`];
    await createTopics(job.address, { [labels]: 1, [target]: 2 });
    await write(
      labels,
      values.map(({ id }, index) =>
        index % 2 === 0
          ? ([0, { id, fraud: Number(fraud(index)) }] as const)
          : ([1, { id, fraud: fraud(index), by: 'bank' }] as const),
      ),
      LABELS,
    );
    const daemon = await startDaemon(job);
    await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
    t.is((await daemon.stop()).code, 0, daemon.out);

    const { report } = await replayed(
      ...['--model', 'creditcard@1', '--from', 'earliest', '--to', 'latest'],
      ...['--labels', 'fraud', '--labels-topic', labels, '--to-topic', target],
    );
    t.is(report.candidate.scored, RECORDS);
    t.is(report.candidate.labelled?.positives, values.filter((_, index) => fraud(index)).length);
    t.is(report.candidate.labelled?.negatives, values.filter((_, index) => !fraud(index)).length);

    const [live, again] = [await decoded(job, job.results), await decoded(job, target)];
    t.is(live.length, RECORDS);
    t.deepEqual(again, live);

    const words = ['models', 'report', '--config', 'config/kafka.yaml', ...flags(job, []), '--json'];
    const program = new Program([...words, '--labels', 'fraud', '--labels-topic', labels]);
    t.is((await program.ended).code, 0, program.out);
    const quality = JSON.parse(program.printed);
    t.is(quality.unreadable, 0);
    t.is(quality.rows[0].labelled, RECORDS);
    t.is(quality.rows[0].areaUnderRoc.value, report.candidate.labelled?.auc);
  });

/** The results of a topic as `tail` decodes them, in the order of their ids. */
async function decoded(job: Job, topic: string): Promise<unknown[]> {
  const words = ['tail', '--config', 'config/kafka.yaml', ...flags(job, [`output.topic=${topic}`])];
  const tail = new Program([...words, '-n', String(2 * RECORDS)]);
  const { code, out } = await tail.ended;
  if (code !== 0) throw new Error(out);
  const lines = tail.printed.trim().split('\n');
  const values = lines.map((line) => (JSON.parse(line) as { readonly value: { readonly id: number } }).value);
  return values.sort((left, right) => left.id - right.id);
}
