// What follows from an error is read from one table: with what a command ends, and whom it blames.

import test from 'ava';
import { blamedBy, ERRORS, EXIT, exitCodeOf, isUnforeseen, ScorelaneError } from '../../src/base/errors.ts';
import { ConfigError } from '../../src/config/load.ts';
import { FencedError, PartitionGoneError } from '../../src/log/ports.ts';

test('a command ends with the exit code of the error that it met', (t) => {
  t.is(exitCodeOf(new ConfigError(['model.name: is required'])), EXIT.config);
  t.is(exitCodeOf(new FencedError('the generation has ended')), EXIT.internal);
  t.is(exitCodeOf(Object.assign(new Error('no such file'), { code: 'ENOENT' })), EXIT.noInput);
  t.is(exitCodeOf(new TypeError('x is not a function')), EXIT.internal);
});

test('an error has the name of its class, also where it is a kind of another', (t) => {
  const error = new PartitionGoneError('out/3 is gone', { retriable: true });
  t.true(error instanceof ScorelaneError);
  t.deepEqual([error.name, error.code], ['PartitionGoneError', 'SCORELANE_PARTITION_GONE']);
});

test('what is not ours is blamed on the thread that it comes from, and logged with where it came from', (t) => {
  t.is(blamedBy('ERR_INVALID_ARG_TYPE'), 'thread');
  t.is(blamedBy('toString'), 'thread', 'not even what every object has');
  const withCode = (code: string): Error => Object.assign(new Error('in words'), { code });
  t.true(isUnforeseen(new TypeError('x is not a function')) && isUnforeseen(withCode('SCORELANE_SCORER')));
  for (const foreseen of ['ECONNREFUSED', 'SCORELANE_FENCED', 'SCORELANE_DAMAGED_BATCH'])
    t.false(isUnforeseen(withCode(foreseen)), foreseen);
});

test('what blames a batch is tried again as a whole: no record becomes a dead letter for it', (t) => {
  const wholes = [
    'DAMAGED_BATCH',
    'INFLATION_BOUND',
    'COMPRESSION',
    'REGISTRY',
    'STATE_LOST',
    'MODEL_BROKEN',
  ];
  for (const name of wholes) t.is(ERRORS[`SCORELANE_${name}` as keyof typeof ERRORS].blames, 'batch');
});
