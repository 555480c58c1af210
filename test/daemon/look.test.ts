// What is in the way of a look at the versions costs the daemon nothing: files that go while their
// version is loaded, and a version that takes for ever to load.

import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { JobDeployment } from '../../src/pool/job-deployment.ts';
import { registryServer } from '../support/registry-server.ts';
import { until } from '../support/until.ts';
import { serving, VersionsRepository } from '../support/versions.ts';

async function labelled(t: ExecutionContext, labels: string, ...settings: string[]) {
  const repository = new VersionsRepository();
  repository.add('1');
  repository.add('2');
  const label = (text: string): void =>
    writeFileSync(join(repository.folder, 'cards', 'labels.yaml'), `labels: { ${text} }\n`);
  label(labels);
  const served = await serving(repository, 1, 'model.version=stable', ...settings);
  const { living } = served.daemon;
  t.teardown(() => served.daemon.stop());
  await living.look();
  const lose = (version: string): void => rmSync(join(repository.folder, 'cards', version, 'model.yaml'));
  const stateOf = (version: string) => living.versions.find((each) => each.version === version);
  return { ...served, repository, living, label, lose, stateOf };
}

test.serial('trials go on with versions whose files are gone, as both are loaded', async (t) => {
  const { living, label, lose, stateOf } = await labelled(t, 'stable: 1, canary: 2');
  t.is(stateOf('2')?.trial, 'canary');
  lose('1');
  label('stable: 1, shadow: 2');
  await living.look();
  t.is(stateOf('2')?.trial, 'shadow');
});

test.serial('a version that is loaded takes over, also where its files are gone', async (t) => {
  const { daemon, living, label, lose, fatal } = await labelled(t, 'stable: 1, canary: 2');
  lose('2');
  label('stable: 2');
  await living.look();
  t.is(living.serving, '2');
  t.is(daemon.driver.state.deployment, 'cards@2');
  t.deepEqual(fatal, []);
});

test.serial('the way back does not wait for a version that is on its way', async (t) => {
  const { living, label, repository, stateOf } = await labelled(t, 'stable: 1');
  label('stable: 2');
  await living.look();
  t.is(living.serving, '2');
  repository.add('3', {
    spoil: (folder) => {
      rmSync(join(folder, 'weights.bin'));
      execFileSync('mkfifo', [join(folder, 'weights.bin')]);
    },
  });
  label('stable: 3');
  void living.look();
  await until('version 3 on its way', () => stateOf('3')?.state === 'loading');
  label('stable: 1');
  void living.look();
  t.is(living.serving, '1');
  t.is(stateOf('3')?.state, 'loading');
});

test.serial(
  'a version that has passed its trial and could not be loaded is tried again, as it may not be to blame',
  async (t) => {
    const { living, label, stateOf } = await labelled(t, 'stable: 1');
    const { add } = JobDeployment.prototype;
    t.teardown(() => {
      JobDeployment.prototype.add = add;
    });
    JobDeployment.prototype.add = () => Promise.reject(new Error('the thread was lost'));
    label('stable: 2');
    await living.look();
    t.like(stateOf('2'), { state: 'refused', why: 'the thread was lost' });
    JobDeployment.prototype.add = add;
    await living.look();
    t.is(stateOf('2')?.state, 'refused', 'not at each look');
    await living.lookAgain();
    t.is(living.serving, '2');
  },
);

test.serial('a registry that is away holds up no look, and the version is tried again', async (t) => {
  let isAway = false;
  using registry = await registryServer(() => (isAway ? [503, { message: 'away' }] : { id: 1 }));
  const avro = ['output.format=avro', 'output.framing=confluent', `registry.url=${registry.url}`];
  const { living, label, stateOf } = await labelled(t, 'stable: 1', ...avro, 'kafka.request.timeout.ms=1s');
  isAway = true;
  label('stable: 2');
  await living.look();
  t.like(stateOf('2'), { state: 'refused' });
  t.regex(stateOf('2')?.why ?? '', /the schema of the results cannot be registered: (no answer|.*503)/);
  isAway = false;
  await living.lookAgain();
  t.is(living.serving, '2');
});

test.serial('a version with which threads are lost again and again is not tried any more', async (t) => {
  const { daemon, living, stateOf } = await labelled(t, 'stable: 1, canary: 2');
  const { trials } = daemon.driver.state;
  t.is(trials.length, 1);
  living.trialsLost(trials);
  living.trialsLost(trials);
  t.is(stateOf('2')?.trial, 'canary');
  living.trialsLost(trials);
  t.like(stateOf('2'), { trial: null, why: '3 worker threads were lost while they tried it' });
  t.deepEqual(daemon.driver.state.trials, []);
  t.is(daemon.meter.daemon.canariesTakenBack, 1);
});

test.serial('a look that is ended by a stop is no trouble', async (t) => {
  const { daemon, living, label, said } = await labelled(t, 'stable: 1, canary: 2');
  const { remove } = JobDeployment.prototype;
  const removing = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  t.teardown(() => {
    JobDeployment.prototype.remove = remove;
  });
  JobDeployment.prototype.remove = () => {
    removing.resolve();
    return ended.promise;
  };
  label('stable: 1');
  void living.look();
  await removing.promise;
  const stopped = daemon.stop();
  ended.reject(new Error('the job ends'));
  await stopped;
  t.deepEqual(
    said.filter((line) => /cannot be looked at/.test(line)),
    [],
  );
});
