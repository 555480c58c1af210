// A key that was set and has no effect is told, with the key that makes it so; one that has an
// effect is not.

import test from 'ava';
import { unusedKeys } from '../../src/config/unused.ts';
import { load, MINIMAL } from '../support/config.ts';

function unused(settings: readonly string[], keepsState = false): readonly string[] {
  const { config, origins } = load(MINIMAL, settings);
  return unusedKeys(config, origins.keys(), keepsState).map(({ key, why }) => `${key}: ${why}`);
}

for (const [settings, told, keepsState] of [
  [[], []],
  [['log=memory', 'kafka.group.id=g', 'kafka.client.id=c'], ['kafka.client.id: log is memory']],
  [['memory.partitions=2'], ['memory.partitions: log is kafka']],
  [['log=memory', 'generate.seed=2'], ['generate.seed: generate.recordsPerSecond is 0']],
  [
    ['log=memory', 'generate.recordsPerSecond=1', 'generate.seed=2', 'generate.customers=2'],
    ['generate.customers: generate.kind is not transactions'],
  ],
  [['input.framing=plain'], ['input.framing: input.format is msgpack']],
  [['input.schema=x'], ['input.schema: input.format is not avro']],
  [
    ['input.format=json', 'input.framing=plain', 'input.schemas=[1]'],
    ['input.schemas: input.framing is not confluent'],
  ],
  [['output.compatibility=FULL'], ['output.compatibility: output.format is not avro']],
  [['registry.url=http://r'], ['registry.url: no format is avro with the framing confluent']],
  [['input.format=avro', 'registry.url=http://r'], []],
  [['deadLetters.floodRecords=5'], ['deadLetters.floodRecords: deadLetters.floodShare is 1']],
  [['deadLetters.floodRecords=5', 'deadLetters.floodShare=0.5'], []],
  [['snapshots.interval=5s'], ['snapshots.interval: snapshots.directory is not set'], true],
  [['snapshots.directory=/s'], ['snapshots.directory: model m has no windows']],
  [['snapshots.directory=/s', 'snapshots.interval=5s'], [], true],
  [['kafka.transaction.timeout.ms=5s'], ['kafka.transaction.timeout.ms: kafka.transactional.id is not set']],
  [
    ['kafka.sasl.username=me', 'kafka.ssl.ca.location=/ca'],
    [
      'kafka.sasl.username: kafka.security.protocol does not begin with SASL: nobody logs in',
      'kafka.ssl.ca.location: kafka.security.protocol does not end with SSL: nothing is encrypted',
    ],
  ],
] as readonly (readonly [readonly string[], readonly string[], boolean?])[]) {
  test(`${settings.join(' ') || 'nothing'}${keepsState ? ', with windows' : ''}: unused is ${told.join('; ') || 'nothing'}`, (t) => {
    t.deepEqual(unused(settings, keepsState), told);
  });
}
