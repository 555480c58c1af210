// A scorer in this thread, with the shipped model's inputs and whatever predictor a test gives it.

import type { Format } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { readManifest, statelessInputs } from '../../src/model/manifest.ts';
import type { Predictor } from '../../src/model/predictor.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import type { ScoreRequest, ScorerSetup } from '../../src/worker-protocol/messages.ts';
import { COUNTS, type Given, MODEL_FOLDER, microBatchOf, setupWith } from './model.ts';

const manifest = readManifest(MODEL_FOLDER);
export const plan = compilePlan(statelessInputs(manifest));

/** A model that gives the sum of a row, and throws for rows whose sum is above `throwsAbove`. */
export const sums = (calls: number[], throwsAbove = Number.POSITIVE_INFINITY): Predictor => ({
  backend: 'cpu',
  runtime: 'test',
  predict(features, rows) {
    calls.push(rows);
    const column = Float32Array.from({ length: rows }, (_, row) =>
      features.subarray(row * plan.width, (row + 1) * plan.width).reduce((sum, value) => sum + value, 0),
    );
    if (column.some((sum) => sum > throwsAbove)) throw new Error('the model cannot take it');
    return [column];
  },
  tensorCount: () => 0,
  dispose: () => {},
});

export function scorerWith(
  predictor: Predictor,
  more: Partial<ScorerSetup> = {},
  probe: () => void = () => {},
): Pipeline {
  const setup = setupWith(more);
  const { idPaths } = setup;
  return new Pipeline({
    setup,
    reader: compileReader(setup.inputFormat as Format, statelessInputs(manifest), idPaths, setup.nestingMax),
    writer: new ResultWriter({
      inputFormat: setup.inputFormat,
      format: setup.resultFormat as Format,
      idPaths,
      outputs: ['score'],
      model: 'm',
      version: '3',
    }),
    predictor,
    states: null,
    model: { name: 'm', version: '3' },
    probe,
  });
}

export function requestFor({ topic, partition, first, next, batches }: MicroBatch): ScoreRequest {
  // A buffer that was used before: what follows the batches in it is not theirs.
  const { buffer } = Uint8Array.from(Buffer.concat([...batches, ...batches].map(({ bytes }) => bytes)));
  return {
    type: 'score',
    topic,
    partition,
    first,
    until: next,
    bytes: buffer,
    byteLength: buffer.byteLength / 2,
    spares: [],
    omit: [],
    verdict: null,
    state: null,
    counts: COUNTS,
  };
}

export const score = (scorer: Pipeline, records: readonly Given[], format: Format = 'msgpack') =>
  scorer.score(requestFor(microBatchOf(records, format, 100)));
