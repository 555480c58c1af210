// Results that their topic refuses: each becomes a dead letter of its untouched input record, in
// input order, while its neighbours keep the bytes that they were scored to. A dead letter that is
// refused for its time is dated again, and remembers the old one.

import test from 'ava';
import { parseCondition } from '../../src/answers/condition.ts';
import { parseDeadLetter } from '../../src/answers/dead-letter.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders } from '../../src/log/record-batch-writer.ts';
import { DeadLetterRefusedError, mend } from '../../src/worker/mend.ts';
import type { Mended, RefusedOutput } from '../../src/worker-protocol/messages.ts';
import {
  COUNTS,
  type Given,
  microBatchOf,
  type OutputRecord,
  outputsOf,
  setupWith,
  transactions,
} from '../support/model.ts';
import { INFLATED_BYTES_MAX } from '../support/records.ts';
import { scoreOne, scorerWith, sums } from '../support/scorer.ts';

const MODEL = { name: 'm', version: '3' };
const NOW_MS = 1_800_000_000_000;
const given: Given[] = transactions(6).map((value, index) => ({ key: `k${index}`, value }));
given[1] = { key: 'bad', value: Buffer.from('no msgpack') };
given[5] = { key: 'bad', value: Buffer.from('none either') };
const microBatch = microBatchOf(given, 'msgpack', 100);
const bytes = Buffer.concat(microBatch.batches.map((batch) => batch.bytes));
const outcome = scoreOne(scorerWith(sums([])), microBatch);
const records = (...indexes: readonly number[]) =>
  indexes.map((index) => ({ index, message: `no ${index}` }));

const request = (...refused: readonly RefusedOutput['refused'][]): Parameters<typeof mend>[0] => ({
  type: 'mend',
  topic: 'in',
  partition: 0,
  bytes,
  counts: COUNTS,
  outputs: outcome.outputs.map((batch, index) => ({
    batch,
    isDeadLetter: index >= outcome.resultBatches,
    refused: refused[index] ?? null,
  })),
});

const offsetsIn = ({ results, deadLetters }: Mended, topic: string): number[] =>
  outputsOf({
    outputs: [...results, ...deadLetters].map(
      (each) => (typeof each === 'number' ? outcome.outputs[each] : each) as never,
    ),
  })
    .filter((output) => output.topic === topic)
    .map(({ headers }) =>
      Number(headers['__scorelane.source.offset'] ?? headers['__scorelane.errors.offset']),
    );

test('the outputs are results and dead letters, as the tests here expect', (t) => {
  t.deepEqual(
    outcome.outputs.map(({ topic, recordCount }) => [topic, recordCount]),
    [
      ['out', 4],
      ['dead', 2],
    ],
  );
});

test('refused results become dead letters among the others, in input order; their neighbours stay to the byte', (t) => {
  const mended = mend(
    request({ appended: 0, records: records(1, 3), ofTime: true }),
    setupWith(),
    MODEL,
    NOW_MS,
  );
  t.deepEqual(offsetsIn(mended, 'out'), [100, 103]);
  t.deepEqual(offsetsIn(mended, 'dead'), [101, 102, 104, 105]);
  t.like(mended, { refused: 2, refusal: 'RESULT_REFUSED: offset 102: no 1', refusedOffset: 104 });
  const outputs = outputsOf({ outputs: [...mended.results, ...mended.deadLetters] as never });
  const before = outputsOf(outcome);
  t.deepEqual(outputs.slice(0, 2), [before[0], before[2]]);
  t.like(outputs[3], {
    key: 'k2',
    timestampMs: 1_002,
    headers: {
      '__scorelane.errors.code': 'RESULT_REFUSED',
      '__scorelane.errors.stage': 'produce',
      '__scorelane.errors.message': 'out does not take the result: no 1',
    },
  });
  t.deepEqual(outputs[3]?.value, outputsOf(scorerOnlyRefusing())[2]?.value, 'the value is that of the input');
});

/** All of the input as dead letters, to compare with. */
const scorerOnlyRefusing = () =>
  scoreOne(scorerWith(sums([])), microBatch, {
    verdict: { stage: 'worker', code: 'WORKER_LOST', message: '' },
  });

test('what is appended already is not written again', (t) => {
  const mended = mend(
    request({ appended: 2, records: records(2), ofTime: false }),
    setupWith(),
    MODEL,
    NOW_MS,
  );
  t.deepEqual(offsetsIn(mended, 'out'), [104]);
  t.deepEqual(offsetsIn(mended, 'dead'), [101, 103, 105]);
});

test('a micro-batch of which every result is refused has dead letters only', (t) => {
  const all = { appended: 0, records: records(0, 1, 2, 3), ofTime: false };
  const mended = mend(request(all), setupWith(), MODEL, NOW_MS);
  t.deepEqual(offsetsIn(mended, 'out'), []);
  t.deepEqual(offsetsIn(mended, 'dead'), [100, 101, 102, 103, 104, 105]);
});

test('a dead letter that is refused for its time is dated now and keeps its own time in a header', (t) => {
  const refused = { appended: 0, records: records(1), ofTime: true };
  const mended = mend(request(null, refused), setupWith(), MODEL, NOW_MS);
  t.like(mended, { refused: 0, refusal: null, refusedOffset: null });
  t.is(mended.results[0], 0, 'results are as they were');
  const letters = mended.deadLetters[0] as { readonly bytes: Uint8Array };
  const reader = openRecordBatch(
    { header: readHeader(letters.bytes), bytes: letters.bytes },
    INFLATED_BYTES_MAX,
  );
  const times: [number, unknown][] = [];
  while (reader.next()) times.push([reader.timestampMs, parseDeadLetter(reader)?.timestamp]);
  t.deepEqual(times, [
    [1_001, 1_001],
    [NOW_MS, 1_005],
  ]);
  const again = request(null, refused);
  const outputs = [again.outputs[0], { ...again.outputs[1], batch: letters }] as never;
  t.throws(() => mend({ ...again, outputs }, setupWith(), MODEL, NOW_MS), {
    instanceOf: DeadLetterRefusedError,
  });
});

test('a record that brings headers of an earlier dead letter is known by those that were added last', (t) => {
  const own = encodeHeaders([
    { key: '__scorelane.errors.offset', value: Buffer.from('9000') },
    { key: '__scorelane.errors.timestamp', value: Buffer.from('5') },
  ]);
  const again = microBatchOf(
    given.map((record) => ({ ...record, headers: own })),
    'msgpack',
    100,
  );
  const answers = scoreOne(scorerWith(sums([])), again);
  const ask = (...refused: readonly RefusedOutput['refused'][]) =>
    mend(
      {
        ...request(...refused),
        bytes: Buffer.concat(again.batches.map((batch) => batch.bytes)),
        outputs: answers.outputs.map((batch, index) => ({
          batch,
          isDeadLetter: index >= answers.resultBatches,
          refused: refused[index] ?? null,
        })),
      },
      setupWith(),
      MODEL,
      NOW_MS,
    );
  const refused = { appended: 0, records: records(1), ofTime: true };
  t.deepEqual(offsetsIn(ask(refused), 'dead'), [101, 102, 105]);
  const dated = ask(null, refused);
  const letters = outputsOf({ outputs: dated.deadLetters as never });
  t.deepEqual(
    letters.map(({ timestampMs }) => timestampMs),
    [1_001, NOW_MS],
  );
  const twice = {
    ...request(null, refused),
    outputs: [
      {
        batch: dated.deadLetters.at(-1) as never,
        isDeadLetter: true,
        refused: { ...refused, records: records(1) },
      },
    ],
  };
  t.throws(() => mend(twice, setupWith(), MODEL, NOW_MS), {
    instanceOf: DeadLetterRefusedError,
    message: /of offset 105/,
  });
});

test('a dead letter that is refused for another reason stops its lane, with its offset and the reason', (t) => {
  const refused = { appended: 0, records: records(1), ofTime: false };
  t.throws(() => mend(request(null, refused), setupWith(), MODEL, NOW_MS), {
    instanceOf: DeadLetterRefusedError,
    message: 'dead refuses the dead letter of offset 105: no 1',
  });
});

test('a refused result goes to no route either, and a record that a route refuses stops the lane', (t) => {
  const routes = [{ topic: 'alerts', when: parseCondition('score > -1e30') }];
  const scored = scoreOne(scorerWith(sums([]), { routes }), microBatch);
  t.deepEqual(
    scored.outputs.map(({ topic, recordCount }) => [topic, recordCount]),
    [
      ['out', 4],
      ['dead', 2],
      ['alerts', 4],
    ],
  );
  const [results, , alerts] = outputsOfEach(scored.outputs);
  t.deepEqual(alerts?.map(withoutTopic), results?.map(withoutTopic), 'the same records');
  const asked = (...refused: readonly RefusedOutput['refused'][]) => ({
    ...request(),
    outputs: scored.outputs.map((batch, index) => ({
      batch,
      isDeadLetter: index >= scored.resultBatches,
      refused: refused[index] ?? null,
    })),
  });
  const one = { appended: 0, records: records(1), ofTime: false };
  const mended = mend(asked(one), setupWith({ routes }), MODEL, NOW_MS);
  t.is(mended.refused, 1);
  const written = mended.deadLetters.filter((each) => typeof each !== 'number');
  const ofTopic = (topic: string) => outputsOf({ outputs: written.filter((each) => each.topic === topic) });
  const stay = outputsOf({ outputs: mended.results.filter((each) => typeof each !== 'number') });
  t.is(stay.length, 3);
  t.deepEqual(ofTopic('alerts').map(withoutTopic), stay.map(withoutTopic), 'the same records as results');
  t.is(ofTopic('dead').length, 3, 'one dead letter more');
  const other = mend(
    { ...asked(one), outputs: asked(one).outputs.toSpliced(2, 1) },
    setupWith({ routes }),
    MODEL,
    NOW_MS,
  );
  t.is(other.refused, 1, 'no route had it');
  const error = t.throws(() => mend(asked(null, null, one), setupWith({ routes }), MODEL, NOW_MS), {
    instanceOf: DeadLetterRefusedError,
  });
  t.is(error?.message, 'alerts, of output.routes or model.shadowTopic, refuses a result: no 1');
});

const outputsOfEach = (batches: readonly ResultBatch[]) =>
  batches.map((batch) => outputsOf({ outputs: [batch] }));
const withoutTopic = ({ topic: _, ...record }: OutputRecord) => record;
