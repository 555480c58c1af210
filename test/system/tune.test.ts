// `tune` as a user runs it: out of the records of a real topic, with runs of the daemon's own
// parts, to a configuration that `check` takes. Nothing is left behind on the broker.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { parse } from 'yaml';
import { tempFolder } from '../../tools/temp-folder.ts';
import { type Job, newJob, Program, produce, ROOT } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const newFolder = (): string => tempFolder('tune');

/** As somebody would write it, with a word on what they thought. */
const configuration = (job: Job): string => `# Ours.
log: kafka
input: {topic: ${job.input}}
output: {topic: ${job.results}, ids: [id]}
deadLetters: {topic: ${job.deadLetters}}
model:
  repository: ${join(ROOT, 'native-models')}
  name: creditcard
  backend: wasm # small, and here it is enough
microBatch:
  # A guess of last year.
  records: 256 # small
kafka:
  bootstrap.servers: ${job.address}
  group.id: ${job.group}
`;

async function written(job: Job): Promise<string> {
  const file = join(newFolder(), 'scorelane.yaml');
  writeFileSync(file, configuration(job));
  return file;
}

test('the records of a topic are run with, and a configuration is written that check takes', async (t) => {
  t.timeout(180_000);
  const job = await newJob(broker().address, [], 2);
  await produce(job, 3_000, '--rate', 'max');
  const file = await written(job);
  const admin = kafkaFor(settingsFor(broker().address)).admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  const groups = async (): Promise<string[]> =>
    (await admin.listGroups()).groups.map(({ groupId }) => groupId).toSorted();
  const before = await groups();
  const ends = (): Promise<unknown> =>
    Promise.all([job.input, job.results, job.deadLetters].map((topic) => admin.fetchTopicOffsets(topic)));
  const endsBefore = await ends();

  const out = join(newFolder(), 'tuned.yaml');
  // An hour is kept on every machine, so the throughput decides.
  const command = ['tune', '--config', file, '--seconds', '40', '--target-ms', '3600000', '--json'];
  // One key is left, for which there is time on a machine that does much else too.
  const said = ['scoring.workers=1', 'scoring.predictRecords=256', 'lanes.inFlight=4'];
  const set = said.flatMap((setting) => ['--set', setting]);
  const tuned = await new Program([...command, ...set, '--out', out]).ended;
  t.is(tuned.code, 0, tuned.out);

  const found = JSON.parse(tuned.out.slice(tuned.out.indexOf('{'))) as {
    readonly from: string;
    readonly tried: readonly { readonly key: string; readonly figures: Readonly<Record<string, number>> }[];
    readonly changes: readonly { readonly key: string; readonly to: number; readonly why: string }[];
    readonly configuration: string;
  };
  const text = readFileSync(out, 'utf8');
  t.is(found.configuration, text);
  t.is(found.from, `the last records of ${job.input}`);
  t.true(found.tried.length >= 2, tuned.out);
  for (const { figures } of found.tried)
    if (figures !== null)
      for (const name of ['recordsPerSecond', 'cpuMicrosPerRecord', 'p50Ms', 'p99Ms'])
        t.true((figures[name] ?? 0) > 0, `${name} ${tuned.out}`);
  t.deepEqual(
    [...new Set(found.tried.map(({ key }) => key))],
    ['microBatch.records'],
    'what --set says and what the user has chosen is not tried',
  );

  t.regex(text, /^# Ours\.\n# Tuned by scorelane tune on \d{4}-\d\d-\d\d, /);
  for (const comment of ['# small, and here it is enough', '# A guess of last year.', '# small'])
    t.true(text.includes(comment), text);
  const read = parse(text) as Record<string, Record<string, unknown>>;
  const expected = parse(configuration(job)) as Record<string, Record<string, unknown>>;
  for (const { key, to, why } of [
    ...found.changes,
    { key: 'latency.target', to: '1h', why: 'as --target-ms said' },
  ]) {
    const [section = '', name = ''] = key.split('.');
    t.is(read[section]?.[name], to as unknown, key);
    t.true(text.replaceAll(/\n *#/g, '').includes(why), why);
    expected[section] = { ...expected[section], [name]: to };
  }
  t.deepEqual(read, expected, 'and nothing else is changed');

  const checked = await new Program(['check', '--config', out]).ended;
  t.is(checked.code, 0, checked.out);
  t.deepEqual(await groups(), before, 'no group is left');
  t.deepEqual(await ends(), endsBefore, 'no record was written');
  const again = await new Program([...command, '--out', out]).ended;
  t.is(again.code, 73, again.out);
  t.regex(again.out, /expected a name that is free, found a file/);
});

test('a topic without records, and records that the model cannot score, are told with what to do', async (t) => {
  const job = await newJob(broker().address, [], 1);
  const file = await written(job);
  const empty = await new Program(['tune', '--config', file]).ended;
  t.is(empty.code, 78, empty.out);
  t.regex(
    empty.out,
    /the last records of .*: expected records to run with, found none; give some by --records FILE/,
  );

  const records = join(newFolder(), 'records.jsonl');
  writeFileSync(records, '{"Tmie": 1}\n{"Tmie": 2}\n');
  const other = await new Program(['tune', '--config', file, '--records', records]).ended;
  t.is(other.code, 78, other.out);
  t.regex(
    other.out,
    /records of .*: expected records that the model can score, found \d+ dead letters among \d+ \(\w+\)/,
  );
});

test('words that mean nothing are refused before anything is run', async (t) => {
  const config = join(ROOT, 'config', 'demo.yaml');
  const tune = async (...words: string[]): Promise<string> => {
    const { code, out } = await new Program(['tune', '--config', config, ...words]).ended;
    t.is(code, 64, out);
    return out;
  };
  t.regex(await tune('--seconds', '5'), /--seconds: expected at least 20, found 5/);
  t.regex(await tune('--rate', 'max'), /--rate: expected records a second/);
  t.regex(
    await tune('--records', 'a', '--generate', 'rides'),
    /expected one of --records and --generate, found both/,
  );
  t.regex(
    await tune('--set', 'latency.target=0'),
    /--target-ms: expected a latency to keep, as latency.target is 0/,
  );
});
