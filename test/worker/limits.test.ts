// Each limit on a record holds for the last that it allows and refuses the first that it does not;
// and what is refused costs only itself (invariant 7).

import test from 'ava';
import fc from 'fast-check';
import { parseDeadLetter } from '../../src/answers/dead-letter.ts';
import { codecs, FORMATS, type Format } from '../../src/codec/codecs.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import { countHeaders, openRecordBatch, type RecordView } from '../../src/log/record-batch-reader.ts';
import { encodeHeaders } from '../../src/log/record-batch-writer.ts';
import type { ScorerSetup } from '../../src/worker-protocol/messages.ts';
import { type Given, outputsOf, transactions } from '../support/model.ts';
import { score, scorerWith, sums } from '../support/scorer.ts';

/** The codes of the dead letters that these records become, null for one that is scored. */
function verdicts(records: readonly Given[], setup: Partial<ScorerSetup>): (string | null)[] {
  const format = (setup.inputFormat ?? 'msgpack') as Format;
  const outputs = outputsOf(score(scorerWith(sums([]), setup), records, format));
  const codeAt = new Map(
    outputs.map(({ headers }) => [
      Number(headers['__scorelane.errors.offset'] ?? headers['__scorelane.source.offset']) - 100,
      headers['__scorelane.errors.code'] ?? null,
    ]),
  );
  return records.map((_, index) => codeAt.get(index) as string | null);
}

const [transaction = {}] = transactions(1);
const headersOf = (count: number): Uint8Array =>
  encodeHeaders(Array.from({ length: count }, () => ({ key: '', value: null })));

const lists = (depth: number): unknown => (depth === 0 ? 7 : [lists(depth - 1)]);
const maps = (depth: number): unknown => (depth === 0 ? 7 : { inner: maps(depth - 1) });

for (const inputFormat of FORMATS) {
  test(`${inputFormat}: a record of limits.recordBytes is scored, one byte more is a dead letter`, (t) => {
    const value = codecs[inputFormat].encode(transaction);
    const setup = { inputFormat, recordBytesMax: value.byteLength + 'key'.length + headersOf(0).byteLength };
    const found = verdicts(
      [
        { key: 'key', value },
        { key: 'key+', value },
        { key: 'k', value },
      ],
      setup,
    );
    t.deepEqual(found, [null, 'RECORD_TOO_LARGE', null]);
  });

  test(`${inputFormat}: a record with limits.headers headers is scored, one more is a dead letter`, (t) => {
    const value = transaction;
    const given = [3, 4, 2].map((count): Given => ({ key: 'k', value, headers: headersOf(count) }));
    t.deepEqual(verdicts(given, { inputFormat, headersMax: 3 }), [null, 'TOO_MANY_HEADERS', null]);
  });

  for (const [what, nest] of [
    ['lists', lists],
    ['maps', maps],
  ] as const) {
    test(`${inputFormat}: ${what} nested limits.nesting deep are scored, one deeper are a dead letter`, (t) => {
      // The record itself is the first map. As a field that is not wanted, and as an id.
      const at = (depth: number, name: string): Given => ({
        key: 'k',
        value: { ...transaction, [name]: nest(depth - 1) },
      });
      const setup = { inputFormat, resultFormat: inputFormat, nestingMax: 5, idPaths: ['id'] };
      const found = verdicts([at(5, 'more'), at(6, 'more'), at(5, 'id'), at(6, 'id')], setup);
      t.deepEqual(found, [null, 'NESTED_TOO_DEEP', null, 'NESTED_TOO_DEEP']);
    });
  }
}

test('values nested a million deep cost only their record, in time and memory that are bounded', (t) => {
  const deep: Record<Format, Uint8Array[]> = {
    json: [Buffer.from('['.repeat(1e6) + ']'.repeat(1e6)), Buffer.from('{"a":'.repeat(1e6))],
    msgpack: [Buffer.alloc(1e6, 0x91), Buffer.concat([Buffer.alloc(1e6, 0x91), Buffer.of(1)])],
  };
  for (const inputFormat of FORMATS) {
    const records = [transaction, ...deep[inputFormat], transaction].map(
      (value): Given => ({ key: 'k', value }),
    );
    const found = verdicts(records, { inputFormat });
    t.deepEqual([found[0], found.at(-1)], [null, null]);
    t.true(found.slice(1, -1).every((code) => code === 'UNDECODABLE' || code === 'NESTED_TOO_DEEP'));
  }
});

test('a dead letter carries the headers of its record byte for byte, also names that are no UTF-8', (t) => {
  // One header: a name of one byte that is no UTF-8, a value of two bytes.
  const headers = Uint8Array.of(2, 2, 0xff, 4, 0xfe, 0xfd);
  const outcome = score(scorerWith(sums([])), [{ key: 'k', value: null, headers }]);
  const [output] = outcome.outputs;
  t.true(Buffer.from(output?.bytes ?? []).includes(Buffer.from(headers.subarray(1))));
  t.is(outputsOf(outcome)[0]?.headers['__scorelane.errors.code'], 'NO_VALUE');
});

test('headers that do not parse cost nothing: the result has none of them, a dead letter carries them whole', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (headers) => {
        const given = [transaction, null].map((value): Given => ({ key: 'k', value, headers }));
        const { outputs } = score(scorerWith(sums([]), { headersMax: 1e9 }), given);
        const [result, letter] = outputsOf({ outputs });
        const { bytes } = outputs[1] as ResultBatch;
        const records = openRecordBatch({ header: readHeader(bytes), bytes }, 2 ** 20);
        records.next();
        const parsed = parseDeadLetter(records);
        const own = { bytes: headers, headersStart: 0, headersEnd: headers.byteLength } as RecordView;
        const isWhole = countHeaders(own) >= 0;
        return (
          result?.headers['__scorelane.source.offset'] === '100' &&
          letter?.headers['__scorelane.errors.code'] === 'NO_VALUE' &&
          (isWhole || Buffer.from(headers).equals(parsed?.block ?? Buffer.of()))
        );
      }),
    ),
  );
});

test('three dead letters of 400 KB go in two batches, both below limits.resultBatchBytes', (t) => {
  const resultBatchBytesMax = 900 * 2 ** 10;
  const value = Buffer.alloc(400_000, 'x');
  const given = [1, 2, 3].map((): Given => ({ key: 'k', value }));
  const { outputs } = score(scorerWith(sums([]), { resultBatchBytesMax }), given);
  t.deepEqual(
    outputs.map(({ recordCount }) => recordCount),
    [2, 1],
  );
  t.true(outputs.every(({ bytes }) => bytes.byteLength <= resultBatchBytesMax));
});
