// What a shadow says, in a topic of its own on a real broker: for each record that it has scored,
// what a daemon with that version writes.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { createTopics } from '../../tools/topics.ts';
import { allCommitted, flags, type Job, newJob, Program, startDaemon, startLoad } from '../support/daemon.ts';
import { kafkaFor, settingsFor, withBroker } from '../support/kafka.ts';
import { bySource, recordsOf } from '../support/topic.ts';
import { stableOf, VersionsRepository } from '../support/versions.ts';

const test = anyTest as TestFn;
const broker = withBroker(test);
const PARTITIONS = 2;

test('the topic of a shadow has what that version says, with its name in a header', async (t) => {
  t.timeout(180_000);
  const repository = new VersionsRepository();
  repository.add('1');
  repository.add('2', { hidden: 16 });
  writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), 'labels: { stable: 1, shadow: 2 }\n');
  const job = await newJob(
    broker().address,
    [...stableOf(repository), 'model.shadowBudget=1', 'scoring.workers=1'],
    PARTITIONS,
  );
  const shadows = `${job.results}-shadows`;
  const settings = [`model.shadowTopic=${shadows}`];
  const kafka = kafkaFor(settingsFor(job.address));

  const { code: missing, out: said } = await new Program([
    'check',
    '--config',
    'config/kafka.yaml',
    ...flags(job, settings),
  ]).ended;
  t.not(missing, 0);
  t.regex(said, new RegExp(`${shadows}`));

  await createTopics(job.address, { [shadows]: PARTITIONS });
  const daemon = await startDaemon(job, settings);
  await daemon.says('is tried as shadow');
  const load = startLoad(job, 3_000, '--generate', 'transactions', '--rate', '300');
  t.is((await load.ended).code, 0, load.out);
  await allCommitted(job, kafka, daemon);
  const { code, out } = await daemon.stop();
  t.is(code, 0, out);

  const alone: Job = { ...job, group: `${job.group}-2`, results: `${job.results}-2` };
  await createTopics(job.address, { [alone.results]: PARTITIONS });
  const other = await startDaemon(alone, ['model.version=2']);
  await allCommitted(alone, kafka, other);
  await other.stop();

  const found = await recordsOf(job.address, shadows);
  const kept = bySource(found);
  const expected = bySource(await recordsOf(job.address, alone.results));
  t.is(kept.size, found.length, 'none twice');
  t.true(kept.size > 1_000, `${kept.size}: the first rows of a task have no share of time yet`);
  for (const [source, { key, value, partition, headers }] of kept) {
    const wanted = expected.get(source);
    t.deepEqual([key, value, partition], [wanted?.key, wanted?.value, wanted?.partition], source);
    t.is(new Map(headers).get('__scorelane.shadow'), 'cards@2');
  }
  t.is(bySource(await recordsOf(job.address, job.results)).size, 3_000);
});
