// The pipeline in one thread: results carry ids, scores, model, key, timestamp and source; bad
// records become dead letters with a reason, their bytes untouched; a failing predict call is
// halved until the culprit is alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { parseCondition } from '../../src/answers/condition.ts';
import type { Int64 } from '../../src/base/int64.ts';
import { codecs } from '../../src/codec/codecs.ts';
import type { Predictor } from '../../src/model/predictor.ts';
import { ModelBrokenError } from '../../src/worker/our-fault.ts';
import { anyInt64 } from '../support/int64.ts';
import { type Given, microBatchOf, outputsOf, transactions } from '../support/model.ts';
import { runs } from '../support/runs.ts';
import { score, scoreOne, scorerWith, sums } from '../support/scorer.ts';

const good = (count: number): Given[] =>
  transactions(count).map((value, index) => ({ key: `k${index}`, value }));

for (const format of ['msgpack', 'json'] as const) {
  test(`a ${format} result has the ids, the score, the model, the key, the timestamp and the source of its input`, (t) => {
    const scorer = scorerWith(sums([]), {
      inputFormat: format,
      resultFormat: format,
      idPaths: ['id', 'card.holder'],
    });
    const [value] = transactions(1);
    const outcome = score(
      scorer,
      [{ key: 'k', value: { ...value, id: 'x-1', card: { holder: 7 } } }],
      format,
    );
    const [result] = outputsOf(outcome);
    const bytes = result?.value as Uint8Array;
    const decoded = codecs[format].decode(bytes, 0, bytes.byteLength) as Record<string, unknown>;
    t.like(decoded, { id: 'x-1', 'card.holder': 7, model: 'm', version: '3' });
    t.is(typeof decoded.score, 'number');
    t.like(result, { topic: 'out', partition: 0, key: 'k', timestampMs: 1_000 });
    t.deepEqual(result?.headers, {
      '__scorelane.source.topic': 'in',
      '__scorelane.source.partition': '0',
      '__scorelane.source.offset': '100',
    });
  });
}

test('each kind of bad record becomes one dead letter with its own code, in place, its bytes untouched', (t) => {
  const [value = {}] = transactions(1);
  const { Amount: _, ...withoutAmount } = value;
  const bad: Record<string, Given['value']> = {
    UNDECODABLE: Uint8Array.of(0xc1, 2, 3),
    NO_VALUE: null,
    NOT_A_MAP: Uint8Array.of(0x07),
    MISSING_FIELD: withoutAmount,
    NOT_A_NUMBER: { ...value, Amount: '12' },
    NOT_FINITE: { ...value, Amount: Number.NaN },
    OUT_OF_RANGE: { ...value, V1: 1e300 },
  };
  const records = Object.values(bad).flatMap((each): Given[] => [
    { key: 'good', value },
    { key: 'bad', value: each },
  ]);
  const outcome = score(scorerWith(sums([])), records);
  const outputs = outputsOf(outcome);
  const dead = outputs.filter(({ topic }) => topic === 'dead');
  t.deepEqual(
    dead.map(({ headers }) => headers['__scorelane.errors.code']),
    Object.keys(bad),
  );
  t.deepEqual(
    dead.map(({ headers }) => Number(headers['__scorelane.errors.offset'])),
    dead.map((_letter, index) => 101 + 2 * index),
  );
  Object.values(bad).forEach((given, index) => {
    const encoded = given === null || given instanceof Uint8Array ? given : codecs.msgpack.encode(given);
    t.deepEqual(dead[index]?.value && Buffer.from(dead[index].value), encoded && Buffer.from(encoded));
  });
  t.true(dead.every(({ headers }) => (headers['__scorelane.errors.message'] ?? '').length > 0));
  t.is(outputs.length - dead.length, records.length / 2);
  t.is(outcome.scored, records.length / 2);
  t.is(outcome.deadLetters, records.length / 2);
});

test('a dead letter has the headers that the guide lists, and no others', (t) => {
  const [letter] = outputsOf(score(scorerWith(sums([])), [{ key: 'k', value: null }]));
  t.deepEqual(letter?.headers, {
    '__scorelane.errors.topic': 'in',
    '__scorelane.errors.partition': '0',
    '__scorelane.errors.offset': '100',
    '__scorelane.errors.stage': 'decode',
    '__scorelane.errors.code': 'NO_VALUE',
    '__scorelane.errors.message': 'the record has no value',
    '__scorelane.errors.model': 'm',
    '__scorelane.errors.version': '3',
  });
  const guide = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operating.md'), 'utf8');
  const missing = Object.keys(letter?.headers ?? {}).filter(
    (name) => !guide.includes(name) && !guide.includes(`\`.${name.split('.').at(-1)}\``),
  );
  t.deepEqual(missing, []);
});

for (const format of ['msgpack', 'json'] as const) {
  test(`${format}: a value that is a list, text or bytes at the top is no map`, (t) => {
    const setup = { inputFormat: format, resultFormat: format };
    const values = [[], [transactions(1)[0]], 'text', null, Uint8Array.of(1, 2)];
    const records = values.map((value): Given => ({ key: 'k', value: codecs[format].encode(value).slice() }));
    const outputs = outputsOf(score(scorerWith(sums([]), setup), records));
    t.deepEqual(
      outputs.map(({ headers }) => headers['__scorelane.errors.code']),
      values.map(() => 'NOT_A_MAP'),
    );
  });
}

test('a predict call that throws is halved until the culprit is alone; the others are scored once', (t) => {
  const calls: number[] = [];
  const records = good(16);
  const culprit = { ...(records[5]?.value as object), V1: 1e6 };
  records[5] = { key: 'culprit', value: culprit };
  const outcome = score(scorerWith(sums(calls, 1e5)), records);
  const outputs = outputsOf(outcome);
  const dead = outputs.filter(({ topic }) => topic === 'dead');
  t.deepEqual(
    dead.map(({ key, headers }) => [
      key,
      headers['__scorelane.errors.code'],
      headers['__scorelane.errors.stage'],
    ]),
    [['culprit', 'PREDICT_FAILED', 'predict']],
  );
  t.deepEqual(
    outputs.filter(({ topic }) => topic === 'out').map(({ key }) => key),
    records.map(({ key }) => key).filter((key) => key !== 'culprit'),
  );
  t.deepEqual(calls, [16, 8, 4, 4, 2, 1, 1, 2, 8]);
});

test('dead letters are in input order, whichever stage refused them (invariant 2)', (t) => {
  const records = good(6);
  records[1] = { key: 'model', value: { ...(records[1]?.value as object), V1: 1e6 } };
  records[2] = { key: 'decoder', value: Uint8Array.of(0xc1) };
  records[4] = { key: 'model again', value: { ...(records[4]?.value as object), V1: 1e6 } };
  const dead = outputsOf(score(scorerWith(sums([], 1e5)), records)).filter(({ topic }) => topic === 'dead');
  t.deepEqual(
    dead.map(({ key }) => key),
    ['model', 'decoder', 'model again'],
  );
});

test('a model that fails on its golden records too is to blame itself: nothing becomes a dead letter', (t) => {
  const broken = scorerWith(sums([], Number.NEGATIVE_INFINITY), {}, () => {
    throw new ModelBrokenError('golden record 0 differs');
  });
  t.throws(() => score(broken, good(4)), { instanceOf: ModelBrokenError });
});

test('a score that is not finite is a dead letter', (t) => {
  const infinite: Predictor = {
    ...sums([]),
    predict: (_, rows) => [new Float32Array(rows).fill(Number.NaN)],
  };
  const outcome = score(scorerWith(infinite), good(2));
  t.deepEqual(
    outputsOf(outcome).map(({ headers }) => headers['__scorelane.errors.code']),
    ['SCORE_NOT_FINITE', 'SCORE_NOT_FINITE'],
  );
});

test('records below the wanted offset are not scored again', (t) => {
  const wanted = { first: 104, until: 108 };
  const outcome = scoreOne(scorerWith(sums([])), microBatchOf(good(10), 'msgpack', 100), wanted);
  t.deepEqual(
    outputsOf(outcome).map(({ headers }) => headers['__scorelane.source.offset']),
    ['104', '105', '106', '107'],
  );
});

test('rows go to the model no more than predictRecordsMax at a time, and the rest with the last', (t) => {
  const calls: number[] = [];
  score(scorerWith(sums(calls), { predictRecordsMax: 16 }), good(40));
  t.deepEqual(calls, [16, 16, 8]);
});

test('a result batch is closed at its limit and the order goes on in the next', (t) => {
  const outcome = score(scorerWith(sums([]), { resultBatchBytesMax: 1_000 }), good(40));
  t.true(outcome.outputs.length > 2);
  t.true(outcome.outputs.every(({ bytes }) => bytes.byteLength < 1_400));
  t.deepEqual(
    outputsOf(outcome).map(({ headers }) => Number(headers['__scorelane.source.offset'])),
    Array.from({ length: 40 }, (_, index) => 100 + index),
  );
});

test('timestamps come back as runs that count every record', (t) => {
  const { timestamps } = score(scorerWith(sums([])), good(200));
  t.is(
    timestamps.counts.reduce((sum, count) => sum + count, 0),
    200,
  );
  t.true(timestamps.counts.length <= 64);
  t.is(timestamps.timestampsMs[0], 1_000);
});

test('results and dead letters have the timestamp of their record, whatever its neighbours took for a time', (t) => {
  const scorer = scorerWith(sums([]), { deadLetterDialects: ['connect', 'spring'] });
  const [value = {}] = transactions(1);
  fc.assert(
    fc.property(fc.array(fc.tuple(anyInt64(), fc.boolean()), { minLength: 1, maxLength: 20 }), (given) => {
      const records = given.map(
        ([timestamp, isGood], index): Given => ({ key: `${index}`, value: isGood ? value : {}, timestamp }),
      );
      const outputs = outputsOf(score(scorer, records));
      t.is(outputs.length, given.length);
      for (const { key, timestampMs } of outputs) t.is(timestampMs, given[Number(key)]?.[0] as Int64);
    }),
    runs(50),
  );
});

test('only results that meet the condition of a route go there, each in the partition of its input', (t) => {
  const plain = outputsOf(score(scorerWith(sums([])), good(20))).map(({ value }) => scoreIn(value));
  const limit = plain.toSorted((left, right) => left - right)[9] as number;
  const routes = [
    { topic: 'alerts', when: parseCondition(`score > ${limit}`) },
    { topic: 'others', when: parseCondition(`score <= ${limit}`) },
  ];
  const scorer = scorerWith(sums([]), { routes });
  const scores = new Map<string, number>();
  const run = () => outputsOf(score(scorer, good(20)));
  const outputs = run();
  for (const { topic, key, value } of outputs) if (topic === 'out') scores.set(String(key), scoreIn(value));
  const above = [...scores].filter(([, found]) => found > limit).map(([key]) => key);
  t.is(above.length, 10);
  const keysOf = (topic: string) => outputs.filter((each) => each.topic === topic).map(({ key }) => key);
  t.deepEqual(keysOf('alerts'), above);
  t.is(keysOf('others').length, 20 - above.length);
  t.true(outputs.every(({ partition }) => partition === 0));
  t.deepEqual(run(), outputs);
});

const scoreIn = (value: Uint8Array | null): number =>
  (codecs.msgpack.decode(value as Uint8Array, 0, value?.byteLength ?? 0) as { score: number }).score;
