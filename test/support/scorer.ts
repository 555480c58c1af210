// A scorer in this thread, with the shipped model's inputs and whatever predictor a test gives it.

import { testOfRows } from '../../src/answers/condition.ts';
import type { Format } from '../../src/codec/codecs.ts';
import { compilePlan } from '../../src/features/plan.ts';
import { readManifest, statelessInputs } from '../../src/model/manifest.ts';
import type { Predictor } from '../../src/model/predictor.ts';
import { compileReader } from '../../src/reading/choose-reader.ts';
import type { InputReader } from '../../src/reading/input-reader.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import type { Outcome } from '../../src/scoring/outcome.ts';
import { Pipeline } from '../../src/worker/pipeline.ts';
import { ResultWriter } from '../../src/worker/write/result-writer.ts';
import type { ScorePart, ScoreRequest, ScorerSetup } from '../../src/worker-protocol/messages.ts';
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

/** Of the shipped model's records. Versions with the same features have the same one. */
export function readerOf(more: Partial<ScorerSetup> = {}): InputReader {
  const { inputFormat, idPaths, nestingMax } = setupWith(more);
  return compileReader(inputFormat as Format, statelessInputs(manifest), idPaths, nestingMax);
}

export function scorerWith(
  predictor: Predictor,
  more: Partial<ScorerSetup> = {},
  probe: () => void = () => {},
  reader = readerOf(more),
): Pipeline {
  const setup = setupWith(more);
  const { idPaths } = setup;
  return new Pipeline({
    setup,
    reader,
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
    routed: setup.routes.map(({ when }) =>
      testOfRows(when, [{ name: 'score', type: 'float', isList: false }]),
    ),
    probe,
  });
}

/** A task of these micro-batches. */
export function requestFor(...microBatches: readonly MicroBatch[]): ScoreRequest {
  const inputs = microBatches.map(({ batches }) => Buffer.concat(batches.map(({ bytes }) => bytes)));
  // A buffer that was used before: what follows the batches in it is not theirs.
  const { buffer } = Uint8Array.from(Buffer.concat([...inputs, ...inputs]));
  return {
    type: 'score',
    parts: microBatches.map(({ topic, partition, first, next }, index) => ({
      topic,
      partition,
      first,
      until: next,
      byteLength: inputs[index]?.byteLength ?? 0,
      omit: [],
      verdict: null,
      state: null,
    })),
    bytes: buffer,
    spares: [],
    counts: COUNTS,
  };
}

/** Scores one micro-batch, or some of it. */
export function scoreOne(
  scorer: { score(request: ScoreRequest): readonly Outcome[] },
  microBatch: MicroBatch,
  more: Partial<ScorePart & ScoreRequest> = {},
): Outcome {
  const request = requestFor(microBatch);
  const parts = request.parts.map((part) => ({ ...part, ...more }));
  return scorer.score({ ...request, ...more, parts })[0] as Outcome;
}

export const score = (scorer: Pipeline, records: readonly Given[], format: Format = 'msgpack') =>
  scoreOne(scorer, microBatchOf(records, format, 100));
