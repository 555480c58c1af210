// A fault of ours that one record brings to light, while it is read or while its result is written,
// costs that record only: the others of its micro-batch are scored, and the state of their lane
// goes on (invariant 7).

import test from 'ava';
import { planInput } from '../../src/features/spec.ts';
import { StatefulPlan } from '../../src/features/stateful-plan.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { readerFor } from '../../src/reading/choose-reader.ts';
import type { InputReader } from '../../src/reading/input-reader.ts';
import { UndecodedRecord } from '../../src/reading/undecoded-record.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { ownsIn } from '../../src/worker/states/copartition.ts';
import { LaneStates } from '../../src/worker/states/lane-states.ts';
import { type ResultEncoder, ResultWriter } from '../../src/worker/write/result-writer.ts';
import { type Given, microBatchOf, outputsOf, setupWith } from '../support/model.ts';
import { scoreOne, sums } from '../support/scorer.ts';

const LANE = { topic: 'in', partition: 0, epoch: 1 };
const FIRST = 100;

interface Faults {
  readonly reader?: (reader: InputReader) => InputReader;
  readonly writer?: (writer: ResultEncoder) => ResultEncoder;
}

/** A lane with a count by customer, whose results are the count. */
function laneWith({ reader: spoilReader, writer: spoilWriter }: Faults) {
  const inputs = [planInput.parse({ window: { function: 'count', by: 'customer', size: '1h' } })];
  const setup = setupWith({ inputFormat: 'json', resultFormat: 'json', idPaths: [] });
  const raw = new UndecodedRecord(inputs, []);
  const owns = ownsIn(0, [8]);
  const states = new LaneStates(() => new StatefulPlan(inputs, stateSchema.parse({}), owns, raw), 'plan');
  const reader = readerFor('json', { inputs, plan: states, raw, idPaths: [], nestingMax: 64 });
  const formats = { inputFormat: 'json', format: 'json' } as const;
  const writer = new ResultWriter({ ...formats, idPaths: [], outputs: ['score'], model: 'm', version: '3' });
  const scorer = new Pipeline({
    setup,
    reader: spoilReader?.(reader) ?? reader,
    writer: spoilWriter?.(writer) ?? writer,
    predictor: { ...sums([]), predict: (rows) => [rows.slice()] },
    states,
    model: { name: 'm', version: '3' },
    routed: [],
    probe: () => {},
  });
  states.begin(LANE, FIRST);
  let offset = FIRST;
  return (records: readonly Given[]): Outcome => {
    const inOrder = records.map((record, index) => ({ ...record, timestamp: offset + index }));
    const microBatch = microBatchOf(inOrder, 'json', offset);
    const state = { epoch: LANE.epoch, offset, scoreFrom: 0, takes: false };
    offset += records.length;
    return scoreOne(scorer, microBatch, { state });
  };
}

/** The counts, and the codes of dead letters, by offset. */
const fates = ({ outputs }: { readonly outputs: readonly ResultBatch[] }): unknown[] =>
  outputsOf({ outputs })
    .map(({ value, headers }) => [
      Number(headers['__scorelane.source.offset'] ?? headers['__scorelane.errors.offset']),
      headers['__scorelane.errors.code'] ?? JSON.parse(Buffer.from(value ?? []).toString()).score,
    ])
    .toSorted(([left], [right]) => (left as number) - (right as number))
    .map(([, fate]) => fate);

/** Seven, as Java's serializer writes a long. */
const LONG = '\0\0\0\0\0\0\0\x07';
const of = (value: string): Given => ({ key: LONG, value: Buffer.from(value) });
const good = of('{"customer":7}');

test('a number that no integer is, as the key of windows by a field, is a dead letter; the state goes on', (t) => {
  const score = laneWith({});
  const odd = ['1e999', '-1e999', '7.5', '1e300', 'null'].map((number) => of(`{"customer":${number}}`));
  const [infinite, less, broken, large, none] = odd as [Given, Given, Given, Given, Given];
  t.deepEqual(fates(score([good, infinite, good, less, none])), [
    1,
    'NOT_A_KEY',
    2,
    'NOT_A_KEY',
    'NOT_A_KEY',
  ]);
  // Java's partitioner may send their text here: then they have windows of their own.
  t.deepEqual(fates(score([good, broken, large, good])), [3, 'NOT_COPARTITIONED', 'NOT_COPARTITIONED', 4]);
});

test('an exception while a record is read makes one dead letter; its lane keeps its state', (t) => {
  const score = laneWith({
    reader: (reader) => ({
      ...reader,
      width: reader.width,
      wantsKey: reader.wantsKey,
      read(bytes, start, end, ...rest) {
        if (end - start > 20) throw new TypeError('nobody thought of this');
        return reader.read(bytes, start, end, ...rest);
      },
      ids: (row) => reader.ids(row),
      idStart: (row, id) => reader.idStart(row, id),
      idEnd: (row, id) => reader.idEnd(row, id),
    }),
  });
  const bad = of('{"customer":7,"more":"a long text"}');
  const outcome = score([good, bad, good]);
  t.deepEqual(fates(outcome), [1, 'READER_FAILED', 2]);
  t.regex(outcome.refusal ?? '', /READER_FAILED: .*nobody thought of this.*fault of scorelane/);
  t.deepEqual(fates(score([bad, good])), ['READER_FAILED', 3]);
});

test('an exception while a result is written makes one dead letter; the record is in its windows, and its lane keeps them', (t) => {
  const score = laneWith({
    writer: (writer) => ({
      ...writer,
      get bytes() {
        return writer.bytes;
      },
      get view() {
        return writer.view;
      },
      get end() {
        return writer.end;
      },
      write(reader, row, source, columns, index, count) {
        if (columns[0]?.[index] === 2) throw new RangeError('no result for this');
        writer.write(reader, row, source, columns, index, count);
      },
    }),
  });
  t.deepEqual(fates(score([good, good, good])), [1, 'RESULT_FAILED', 3]);
  t.deepEqual(fates(score([good])), [4]);
});

test('a record that breaks the windows half way costs the state, which is then built up again', (t) => {
  const inputs = [planInput.parse({ window: { function: 'count', by: 'customer', size: '1h' } })];
  const plan = new StatefulPlan(inputs, stateSchema.parse({}));
  plan.state.observe = () => {
    throw new RangeError('half way');
  };
  const fill = () => plan.fill({ customer: 7 }, new Float32Array(1), 0, 1_000);
  t.throws(fill, { code: 'SCORELANE_STATE_BROKEN', message: /half way/ });
});
