// Avro end to end: a real registry; records of fastavro, by two schemas in one topic, are scored as
// in any other form; an unknown schema costs only its record, a registry that is away only time.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { compilePlan } from '../../src/features/plan.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest, statelessInputs } from '../../src/model/manifest.ts';
import { freePort } from '../../tools/broker.ts';
import { type Registry, startRegistry } from '../../tools/registry.ts';
import { tempFolder } from '../../tools/temp-folder.ts';
import { allCommitted, flags, type Job, newJob, Program, produce, startDaemon } from '../support/daemon.ts';
import { java, kafkaFor, python, settingsFor, withBroker } from '../support/kafka.ts';
import { MODEL_FOLDER, transactions } from '../support/model.ts';
import { TcpProxy } from '../torture/proxy.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
let registry: Registry;
test.before(async (t) => {
  t.timeout(180_000);
  registry = await startRegistry();
});
test.after.always(() => registry?.stop());

const NAMES = Array.from({ length: 28 }, (_, index) => `V${index + 1}`);
const schema = (fields: readonly object[]) => ({ type: 'record', name: 'Transaction', fields });
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });

const READER = schema([
  field('id', 'long'),
  ...NAMES.map((name) => field(name, 'double', name === 'V28' ? { default: 0 } : {})),
  field('Amount', 'double', { aliases: ['amount_eur'] }),
]);
const FIRST = schema([
  field('id', 'long'),
  ...NAMES.map((name) => field(name, 'double')),
  field('Amount', 'double'),
  field('Class', ['null', 'int'], { default: null }),
]);
/** Another name, smaller numbers, one field less and one more. */
const SECOND = schema([
  field('more', 'string'),
  field('id', 'int'),
  field('amount_eur', 'double'),
  ...NAMES.slice(0, -1).map((name) => field(name, 'float')),
]);
const UNREADABLE = schema([field('id', 'long'), field('Amount', 'string')]);

type Values = Record<string, unknown>;
const secondOf = ({ Amount, V28: _, ...value }: Values): Values => ({
  ...value,
  amount_eur: Amount,
  more: 'x',
});

async function write(
  job: Job,
  records: readonly (readonly [number, Values])[],
  schemas: readonly object[],
): Promise<void> {
  const folder = tempFolder('avro');
  const [schemasFile, recordsFile] = [join(folder, 'schemas.json'), join(folder, 'records.json')];
  writeFileSync(schemasFile, JSON.stringify(schemas));
  writeFileSync(recordsFile, JSON.stringify(records));
  await python('avro_writer.py', job.address, job.input, registry.url, schemasFile, recordsFile);
}

/** What the model says of a transaction, read as the first schema or as the second. */
async function scores(values: readonly Values[], isSecond: (index: number) => boolean): Promise<number[]> {
  const manifest = readManifest(MODEL_FOLDER);
  const plan = compilePlan(statelessInputs(manifest));
  const predictor = await loadPredictor('wasm', manifest);
  const features = new Float32Array(values.length * plan.width);
  values.forEach((value, index) => {
    const rounded = Object.fromEntries(NAMES.map((name) => [name, Math.fround(value[name] as number)]));
    plan.fill(isSecond(index) ? { ...value, ...rounded, V28: 0 } : value, features, index * plan.width, 0);
  });
  return [...(predictor.predict(features, values.length)[0] as Float32Array)];
}

const settingsWith = (url: string, more: readonly string[] = []): string[] => [
  'model.backend=wasm',
  'input.format=avro',
  'output.format=json',
  `registry.url=${url}`,
  'registry.timeout=1s',
  ...more,
];

function readerFile(): string {
  const file = join(tempFolder('avro'), 'reader.avsc');
  writeFileSync(file, JSON.stringify(READER));
  return file;
}

interface Line {
  readonly value: string;
  readonly headers: readonly (readonly [string, string])[];
}
const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString();
const linesOf = async (job: Job, topic: string, count: number): Promise<Line[]> =>
  (await java('consume', job.address, topic, String(count)))
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { value, headers } = JSON.parse(line) as Line;
      return {
        value: textOf(value),
        headers: headers.map(([name, said]) => [textOf(name), textOf(said)] as const),
      };
    });

test('records of two writers in one topic are scored as the numbers they stand for; unknown and unreadable schemas cost one record each', async (t) => {
  const job = await newJob(broker().address, settingsWith(registry.url, [`input.schema=${readerFile()}`]), 1);
  const values = transactions(200);
  const isSecond = (index: number): boolean => index % 2 === 1;
  await write(
    job,
    [
      ...values.map((value, index) =>
        isSecond(index) ? ([1, secondOf(value)] as const) : ([0, value] as const),
      ),
      [2, { id: 900, Amount: 'much' }],
      [987_654, { id: 901, Amount: 'nobody registered this' }],
    ],
    [FIRST, SECOND, UNREADABLE],
  );
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  t.is((await daemon.stop()).code, 0, daemon.out);
  const found = (await linesOf(job, job.results, 200)).map(
    ({ value }) => JSON.parse(value) as { id: number; score: number },
  );
  const expected = await scores(values, isSecond);
  t.is(found.length, 200);
  for (const [index, { id, score }] of found.entries()) {
    t.is(id, values[index]?.id as number);
    t.true(
      Math.abs(score - (expected[index] as number)) < 1e-6,
      `${index}: ${score}, expected ${expected[index]}`,
    );
  }
  const dead = await linesOf(job, job.deadLetters, 2);
  const said = dead.map(({ headers }) => Object.fromEntries(headers));
  t.deepEqual(
    said.map((headers) => headers['__scorelane.errors.code']),
    ['NO_SCHEMA', 'NO_SCHEMA'],
  );
  t.regex(said[0]?.['__scorelane.errors.message'] ?? '', /cannot be read as the reader's schema says/);
  t.regex(said[1]?.['__scorelane.errors.message'] ?? '', /the registry has no schema 987654/);
});

/** Registers a schema as it is, with what it refers to. Resolves to its number. */
async function register(
  subject: string,
  schema: object,
  references: readonly object[] = [],
): Promise<number> {
  const response = await fetch(`${registry.url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(schema), references }),
  });
  return ((await response.json()) as { readonly id: number }).id;
}

test('a schema that refers to others is read with them', async (t) => {
  const job = await newJob(
    broker().address,
    [...settingsWith(registry.url), 'output.ids=["id","card.country.code"]'],
    1,
  );
  const country = { type: 'record', name: 'Country', namespace: 'shop', fields: [field('code', 'string')] };
  const cardWith = (type: unknown) => ({
    type: 'record',
    name: 'Card',
    namespace: 'shop',
    fields: [field('country', type)],
  });
  const whole = (type: unknown) => schema([...FIRST.fields, field('card', type)]);
  const refersTo = (name: string, subject: string) => [{ name, subject, version: 1 }];
  const [countries, cards] = [`${job.input}-countries`, `${job.input}-cards`];
  await register(countries, country);
  await register(cards, cardWith('shop.Country'), refersTo('shop.Country', countries));
  const number = await register(`${job.input}-refers`, whole('shop.Card'), refersTo('shop.Card', cards));
  const values = transactions(20).map((value) => ({ ...value, card: { country: { code: 'at' } } }));
  // The same schema without references, for the writer alone.
  await write(
    job,
    values.map((value) => [number, value] as const),
    [whole(cardWith(country))],
  );
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  t.is((await daemon.stop()).code, 0, daemon.out);
  const found = (await linesOf(job, job.results, 20)).map(({ value }) => JSON.parse(value) as Values);
  t.deepEqual(
    found.map((result) => [result.id, result['card.country.code']]),
    values.map((value) => [(value as Values).id, 'at']),
  );
});

test('while the registry is away lanes wait and say so; nothing is lost, and all is scored once it is back', async (t) => {
  const port = await freePort();
  const target = Number(new URL(registry.url).port);
  const url = registry.url.replace(`:${target}`, `:${port}`);
  const first = await TcpProxy.start(port, target);
  const job = await newJob(broker().address, settingsWith(url), 1);
  const kafka = kafkaFor(settingsFor(job.address));
  const values = transactions(100);
  await write(
    job,
    values.slice(0, 50).map((value) => [0, value] as const),
    [FIRST],
  );
  const daemon = await startDaemon(job);
  await allCommitted(job, kafka, daemon);
  await first.stop();
  // A schema that the worker has not seen yet.
  const renewed = { ...FIRST, name: 'Renewed' };
  await write(
    job,
    values.slice(50).map((value) => [0, value] as const),
    [renewed],
  );
  await daemon.says('SCORELANE_REGISTRY');
  t.is((await linesOf(job, job.results, 50)).length, 50);
  const second = await TcpProxy.start(port, target);
  await allCommitted(job, kafka, daemon);
  await second.stop();
  t.is((await daemon.stop()).code, 0);
  t.is((await linesOf(job, job.results, 100)).length, 100);
});

test('results in Avro are registered, and read by others as what they are; an incompatible schema is refused', async (t) => {
  const settings = [
    'model.backend=wasm',
    'output.format=avro',
    'output.ids=["id","Class","V1"]',
    `registry.url=${registry.url}`,
  ];
  const job = await newJob(broker().address, settings, 1);
  await produce(job, 100);
  const daemon = await startDaemon(job);
  await allCommitted(job, kafkaFor(settingsFor(job.address)), daemon);
  t.is((await daemon.stop()).code, 0, daemon.out);
  const found = JSON.parse(
    await python('avro_reader.py', job.address, job.results, registry.url, '100'),
  ) as Record<string, unknown>[];
  const values = transactions(100);
  const expected = await scores(values, () => false);
  t.is(found.length, 100);
  const tail = new Program(['tail', '--config', 'config/kafka.yaml', ...flags(job, []), '-n', '100']);
  t.is((await tail.ended).code, 0, tail.out);
  const shown = tail.printed
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { value: object }).value);
  t.deepEqual(shown, found, 'tail decodes them too');
  for (const [index, { score, ...more }] of found.entries()) {
    t.deepEqual(more, {
      id: values[index]?.id,
      Class: null,
      V1: values[index]?.V1,
      model: 'creditcard',
      version: '1',
    });
    t.true(Math.abs((score as number) - (expected[index] as number)) < 1e-6);
  }
  const subject = `${registry.url}/subjects/${job.results}-value/versions`;
  t.deepEqual(await (await fetch(subject)).json(), [1]);
  const asked = await fetch(`${registry.url}/config/${job.results}-value`);
  t.is(((await asked.json()) as { compatibilityLevel: string }).compatibilityLevel, 'BACKWARD');
  // One field more, which results of before do not have.
  const words = ['run', '--config', 'config/kafka.yaml', ...flags(job, ['output.features=true'])];
  const refused = await new Program(words).ended;
  t.is(refused.code, 78, refused.out);
  t.regex(
    refused.out,
    /output\.compatibility: the registry refuses the schema of the results for .*BACKWARD/,
  );
  for (const [more, code, said] of [
    [[], 0, /^ok: the registry takes the schema of the results, /m],
    [['output.features=true'], 78, /output\.compatibility: the registry refuses the schema .*BACKWARD/],
    [
      ['output.features=true', 'output.compatibility=NONE'],
      0,
      /^note: whether the registry takes .* not known/m,
    ],
  ] as const) {
    const check = await new Program(['check', '--config', 'config/kafka.yaml', ...flags(job, more)]).ended;
    t.is(check.code, code, check.out);
    t.regex(check.out, said);
  }
  const allowed = await startDaemon(job, ['output.features=true', 'output.compatibility=NONE']);
  t.is((await allowed.stop()).code, 0);
  t.deepEqual(await (await fetch(subject)).json(), [1, 2]);
});

test('a schema that no reader can have, and a registry that may be waited for too long, are wrong configuration', async (t) => {
  const job = await newJob(broker().address, ['model.backend=wasm', 'input.format=avro'], 1);
  const run = (...more: string[]) =>
    new Program(['run', '--config', 'config/kafka.yaml', ...flags(job, more)]).ended;
  const file = join(tempFolder('avro'), 'reader.avsc');
  writeFileSync(file, JSON.stringify(schema([field('id', 'long', { default: 'none' })])));
  const unfit = await run(`registry.url=${registry.url}`, `input.schema=${file}`);
  t.is(unfit.code, 78, unfit.out);
  t.regex(unfit.out, /input\.schema: .*reader\.avsc: field "id": the default "none" is no long/);
  const slow = await run(`registry.url=${registry.url}`, 'registry.timeout=20s');
  t.is(slow.code, 78, slow.out);
  t.regex(slow.out, /registry\.timeout: expected less than a third of lanes\.stallAfter/);
});
