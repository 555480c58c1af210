// Records that are none of the model's business: skipped and counted, with no result and no dead
// letter, in no window, whatever their format and however they are read; and the audit, which reads
// them too, does not miss them.

import test from 'ava';
import avro from 'avsc';
import { Coverage } from '../../src/audit/coverage.ts';
import { codecs } from '../../src/codec/codecs.ts';
import type { Only } from '../../src/features/only.ts';
import { planInput } from '../../src/features/spec.ts';
import { stateSchema } from '../../src/features/window-spec.ts';
import { splitRecordBatches } from '../../src/log/record-batch.ts';
import { openRecordBatch } from '../../src/log/record-batch-reader.ts';
import type { ModelManifest } from '../../src/model/manifest.ts';
import { Selection } from '../../src/reading/selection.ts';
import { modelReader } from '../../src/worker/model-reader.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import { type Given, microBatchOf, outputsOf, setupWith } from '../support/model.ts';
import { scoreOne } from '../support/scorer.ts';

const ENVELOPE = {
  type: 'record',
  name: 'Envelope',
  fields: [
    {
      name: 'payload',
      type: {
        type: 'record',
        name: 'Payload',
        fields: [
          { name: 'op', type: ['null', 'string'] },
          { name: 'version', type: 'long' },
          { name: 'amount', type: ['null', 'double'] },
        ],
      },
    },
  ],
};
const TYPE = avro.Type.forSchema(ENVELOPE as never, { wrapUnions: false });
const FORMATS = {
  json: codecs.json.encode,
  msgpack: codecs.msgpack.encode,
  avro: (value: unknown) => Uint8Array.from(TYPE.toBuffer(value)),
} as const;
type Format = keyof typeof FORMATS;

const envelope = (op: string | null, amount: number | null, version = 1) => ({
  payload: { op, version, amount },
});
const KEY = 'k';

function given(format: Format): Given[] {
  const value = (of: unknown): Given => ({ key: KEY, value: FORMATS[format](of) });
  return [
    value(envelope('c', 1)),
    value(envelope('d', 2)),
    value(envelope('u', 3)),
    { key: KEY, value: null },
    value(envelope('d', null)),
    value(envelope(null, 4)),
    value(envelope('c', 5, 2)),
    value(envelope('c', null)),
    value(envelope('c', 6)),
    { key: KEY, value: Uint8Array.of(0xc1) },
  ];
}

const FIRST = 100;
const LANE = { topic: 'in', partition: 0, epoch: 1 };

/**
 * What becomes of the records: the features of the scored, the code of dead letters, by offset.
 * `fed` of them are only fed.
 */
function fates(
  format: Format,
  inputs: readonly object[],
  only: Only,
  tombstones: 'skip' | 'deadLetter',
  fed = 0,
) {
  const manifest = {
    name: 'm',
    version: '3',
    inputs: inputs.map((input) => planInput.parse(input)),
    windows: stateSchema.parse({}),
  } as unknown as ModelManifest;
  const schema = JSON.stringify(ENVELOPE);
  const options = { framing: 'plain', schema, writers: [], schemasMax: 1, registry: null } as const;
  const avroSettings = format === 'avro' ? options : null;
  const setup = setupWith({
    inputFormat: format,
    avro: avroSettings,
    resultFormat: 'json',
    idPaths: [],
    features: true,
    only,
    tombstones,
  });
  const { reader, states } = modelReader(manifest, setup);
  const outputs = ['score', 'features'];
  const scorer = new Pipeline({
    setup,
    reader,
    writer: new ResultWriter({
      inputFormat: format,
      format: 'json',
      idPaths: [],
      outputs,
      model: 'm',
      version: '3',
    }),
    predictor: {
      backend: 'cpu',
      runtime: 'test',
      // The features are the last column of a result.
      predict: (features, rows) => [new Float32Array(rows), features.slice()],
      tensorCount: () => 0,
      dispose: () => {},
    },
    states,
    model: { name: 'm', version: '3' },
    routed: [],
    probe: () => {},
  });
  states?.begin(LANE, FIRST);
  const microBatch = microBatchOf(given(format), 'json', FIRST);
  const state = states === null ? null : { epoch: 1, offset: FIRST, scoreFrom: FIRST + fed, takes: false };
  const bytes = Buffer.concat(microBatch.batches.map((batch) => batch.bytes));
  const outcome = scoreOne(scorer, microBatch, { state });
  const found = Object.fromEntries(
    outputsOf(outcome).map(({ value, headers }) => [
      Number(headers['__scorelane.source.offset'] ?? headers['__scorelane.errors.offset']) - FIRST,
      headers['__scorelane.errors.code'] ?? JSON.parse(Buffer.from(value ?? []).toString()).features,
    ]),
  );
  return { found, scored: outcome, setup, bytes };
}

const AMOUNT = [{ path: 'payload.amount' }];
const COUNTED = [...AMOUNT, { window: { function: 'count', size: '1h' } }];
const ONLY = { 'payload.op': ['c', 'u'], 'payload.version': [1] };

for (const format of ['json', 'msgpack', 'avro'] as const) {
  test(`${format}: what does not match is skipped and counted; what matches and cannot be scored is a dead letter`, (t) => {
    const { found, scored: outcome } = fates(format, AMOUNT, ONLY, 'skip');
    const bad = { 7: 'NOT_A_NUMBER', 9: 'UNDECODABLE' };
    t.deepEqual(found, { 0: 1, 2: 3, 8: 6, ...bad });
    t.deepEqual([outcome.scored, outcome.deadLetters, outcome.skipped], [3, 2, 5]);
    t.deepEqual(
      outcome.timestamps.counts.reduce((sum, count) => sum + count, 0),
      5,
    );
  });

  test(`${format}: with windows what is skipped is in none of them, also where records are only fed`, (t) => {
    const { found } = fates(format, COUNTED, ONLY, 'skip');
    t.like(found, { 0: [1, 1], 2: [3, 2], 8: [6, 3] });
    const rebuilt = fates(format, COUNTED, ONLY, 'skip', 3);
    t.deepEqual(rebuilt.found[8], [6, 3]);
    t.is(rebuilt.scored.skipped, 4, 'those that were fed have their answer, or need none');
  });

  test(`${format}: without a condition all records are scored, and tombstones are dead letters unless they are skipped`, (t) => {
    const { found, scored: outcome } = fates(format, AMOUNT, {}, 'deadLetter');
    t.like(found, { 0: 1, 1: 2, 3: 'NO_VALUE', 5: 4 });
    t.is(outcome.skipped, 0);
    t.is(fates(format, AMOUNT, {}, 'skip').scored.skipped, 1);
  });

  test(`${format}: the audit reads as the workers do: of what nothing answers, what is skipped is not missing`, (t) => {
    const { found, setup, bytes } = fates(format, AMOUNT, ONLY, 'skip');
    const selection = new Selection(setup);
    t.true(selection.isNeeded);
    const coverage = new Coverage(0, FIRST, FIRST + 10, FIRST + 10);
    const records = openRecordBatch(splitRecordBatches(new Uint8Array(bytes))[0] as never, 2 ** 20);
    while (records.next()) {
      coverage.input(records.offset);
      const answer = found[records.offset - FIRST];
      // One answer is lost.
      if (answer !== undefined && records.offset !== FIRST + 8) coverage.answer('result', records.offset, 0);
      else if (selection.skips(records) === true) coverage.skip(records.offset);
    }
    t.like(coverage.report(), { skipped: 5, missing: 1, missingOffsets: [[FIRST + 8, FIRST + 8]] });
  });
}
