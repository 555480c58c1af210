// What stands in the environment beside the keys: Kubernetes' words about services, other people's
// variables, and slips.

import test from 'ava';
import { SERVICE_LINK } from '../../src/config/environment.ts';
import { leaves } from '../../src/config/leaves.ts';
import { load, MINIMAL } from '../support/config.ts';

const KUBERNETES = {
  SCORELANE_SERVICE_HOST: '10.0.0.7',
  SCORELANE_SERVICE_PORT: '9092',
  SCORELANE_SERVICE_PORT_HTTP: '9092',
  SCORELANE_PORT: 'tcp://10.0.0.7:9092',
  SCORELANE_PORT_9092_TCP: 'tcp://10.0.0.7:9092',
  SCORELANE_PORT_9092_TCP_PROTO: 'tcp',
  SCORELANE_PORT_9092_TCP_PORT: '9092',
  SCORELANE_PORT_9092_TCP_ADDR: '10.0.0.7',
  SCORELANE_MODEL_SERVICE_HOST: '10.0.0.8',
  SCORELANE_MODEL_PORT: 'tcp://10.0.0.8:80',
};

test('what Kubernetes tells of a Service named scorelane is left alone', (t) => {
  const { origins, warnings } = load(MINIMAL, [], KUBERNETES);
  t.deepEqual(warnings, []);
  t.deepEqual(
    [...origins.values()].filter((origin) => origin.startsWith('SCORELANE_')),
    [],
  );
});

test('no key has a variable that Kubernetes might set', (t) => {
  t.deepEqual(
    leaves.map(({ variable }) => variable).filter((variable) => SERVICE_LINK.test(variable)),
    [],
  );
});

test('a variable that is nearly one of a key is told, one that is far from all is not', (t) => {
  const { warnings } = load(MINIMAL, [], {
    SCORELANE_MODLE_NAME: 'm',
    SCORELANE_KAFKA_SASL_PASSWROD: 'hush',
    SCORELANE_IMAGE_TAG: '1.2',
    SCORELANE_RUNS: '3',
    PATH: '/bin',
  });
  t.deepEqual(warnings, [
    'SCORELANE_MODLE_NAME names no key and is not used; did you mean SCORELANE_MODEL_NAME?',
    'SCORELANE_KAFKA_SASL_PASSWROD names no key and is not used; did you mean SCORELANE_KAFKA_SASL_PASSWORD?',
  ]);
});

test('an old name of a key is refused with the new one, in the file, in a flag and in the environment', (t) => {
  const newName = /state\.snapshotInterval: expected its new name snapshots\.interval, found the old one/;
  for (const file of ['state: { snapshotInterval: 5s }\n', 'state: { snapshotInterval: }\n'])
    t.throws(() => load(MINIMAL + file), { code: 'SCORELANE_CONFIG', message: newName });
  t.throws(() => load(MINIMAL, ['state.snapshotInterval=5s']), { message: newName });
  t.throws(() => load(MINIMAL, [], { SCORELANE_STATE_SNAPSHOT_INTERVAL: '5s' }), {
    message: /: expected its new name SCORELANE_SNAPSHOTS_INTERVAL, found the old one/,
  });
});

test('a variable for a key of one job is told, with what to use instead', (t) => {
  const variables = { SCORELANE_JOBS_FRAUD_MODEL_VERSION: '2', SCORELANE_JOBS_SERVICE_HOST: '10.0.0.9' };
  const { warnings } = load(MINIMAL, [], variables);
  t.deepEqual(warnings, [
    'SCORELANE_JOBS_FRAUD_MODEL_VERSION is not used, as no variable sets a key of one job; set the key for all jobs by its ' +
      'own variable, or use --set jobs.NAME.KEY=VALUE',
  ]);
});
