// A version with other windows on a real broker: they are built up beside those that serve, and the
// lanes go on with them when it takes over, there and back (invariant 8).

import anyTest, { type TestFn } from 'ava';
import { createTopics } from '../../tools/topics.ts';
import {
  allCommitted,
  type Job,
  newJob,
  Program,
  produce,
  startDaemon,
  startLoad,
} from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { bySource, recordsOf } from '../support/topic.ts';
import { until } from '../support/until.ts';
import { stableOf, VersionsRepository } from '../support/versions.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);

const PARTITIONS = 3;
const SIZE = ['--customers', '300', '--terminals', '600', '--generate', 'transactions'];
const BEFORE = 6_000;
/** More than are sent while versions change, so many a second. */
const DURING = 1_000_000;
const RATE = 300;
/** What builds windows up has the lowest priority: beside other tests it takes its time. */
const PATIENCE_MS = 240_000;
const PLAIN = '\n  - { path: amount, log1p: true }';
const SHORT = `${PLAIN}\n  - { window: { function: count, by: customer, size: 7d } }`;
const LONG = `${SHORT}\n  - { window: { function: mean, by: customer, of: amount, size: 30d } }`;

/** With the record that each is of, and the version that scored it. */
async function resultsOf({ address, results }: Job) {
  return (await recordsOf(address, results)).map((record) => {
    const [[source]] = [...bySource([record])] as [[string, unknown]];
    const value = record.value ?? '';
    return { source: String(source), value, version: (JSON.parse(value) as { version: string }).version };
  });
}

test('a version with other windows takes over with all of them, and the way back too', async (t) => {
  t.timeout(600_000);
  const repository = new VersionsRepository();
  repository.add('1', { inputs: SHORT, windows: '{ time: at }' });
  const job = await newJob(
    broker().address,
    [...stableOf(repository), 'output.features=true', 'scoring.workers=2'],
    PARTITIONS,
  );
  const promote = async (version: string): Promise<void> => {
    const args = ['models', 'promote', 'cards', '--repository', repository.folder, '--version', version];
    const { code, out } = await new Program(args).ended;
    t.is(code, 0, out);
  };
  const kafka = kafkaFor(settingsFor(job.address));
  await promote('1');
  await produce(job, BEFORE, ...SIZE, '--rate', 'max');
  const daemon = await startDaemon(job);
  t.teardown(() => daemon.stop('SIGKILL'));
  await allCommitted(job, kafka, daemon);
  const load = startLoad(job, DURING, ...SIZE, '--rate', String(RATE));
  t.teardown(() => load.stop('SIGKILL'));
  const prepared = () => [
    ...daemon.out.matchAll(/state that was prepared stands at \d+, (\d+) offsets before/g),
  ];
  const lanesGoOn = (takeovers: number) =>
    until(
      `lanes with their windows in:\n${daemon.out}`,
      () => prepared().length === takeovers * PARTITIONS,
      PATIENCE_MS,
    );

  repository.add('2', { inputs: LONG, windows: '{ time: at }', hidden: 16 });
  await promote('2');
  await lanesGoOn(1);
  await promote('1');
  await lanesGoOn(2);
  await load.stop('SIGINT');
  await allCommitted(job, kafka, daemon);
  const { out, code } = await daemon.stop();
  t.is(code, 0, out);
  t.log('offsets left to read', ...prepared().map(([, left]) => left));
  t.notRegex(out, /of no use/);

  const found = await resultsOf(job);
  t.is(found.length, (await recordsOf(job.address, job.input)).length, 'every record has one result');
  for (const version of ['1', '2']) {
    const alone: Job = { ...job, group: `${job.group}-${version}`, results: `${job.results}-${version}` };
    await createTopics(job.address, { [alone.results]: PARTITIONS });
    const other = await startDaemon(alone, [`model.version=${version}`]);
    await allCommitted(alone, kafka, other);
    t.is((await other.stop()).code, 0);
    const expected = new Map((await resultsOf(alone)).map(({ source, value }) => [source, value]));
    const ofVersion = found.filter((result) => result.version === version);
    t.true(ofVersion.length > 0);
    for (const { source, value } of ofVersion) t.is(value, expected.get(source) ?? '', source);
  }
});
