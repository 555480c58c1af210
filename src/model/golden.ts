// The golden check: before a model serves, its own records must give its own scores, through the same features and the
// same backend that will be used.

import { type GoldenRecord, ModelError, type ModelManifest } from './manifest.ts';
import type { Predictor } from './predictor.ts';

/** Fills one row of features; returns null, or why not. The feature plan's `fill`. */
export type Fill = (
  record: unknown,
  row: Float32Array,
  at: number,
  timestampMs: number,
) => { readonly message: string } | null;

/** Predicts the golden records and throws `ModelError` at the first that differs by more than the tolerance. */
export function checkGolden(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  fill: Fill,
  predictor: Predictor,
): void {
  const { width } = manifest;
  const features = new Float32Array(golden.length * width);
  golden.forEach(({ record, timestampMs }, index) => {
    const rejection = fill(record, features, index * width, timestampMs);
    if (rejection !== null) throw wrong(manifest, `golden record ${index}: ${rejection.message}`);
  });
  const columns = predictor.predict(features, golden.length);
  manifest.outputs.forEach((name, outputIndex) => {
    const column = columns[outputIndex] as Float32Array;
    const outputWidth = column.length / golden.length;
    golden.forEach(({ outputs }, index) => {
      const expected = outputs[name];
      if (expected?.length !== outputWidth) {
        throw wrong(
          manifest,
          `golden record ${index} has ${expected?.length ?? 'no'} values for "${name}", the model gives ${outputWidth}`,
        );
      }
      expected.forEach((value, at) => {
        const found = column[index * outputWidth + at] as number;
        // NaN compares false with everything: only what is surely near enough passes.
        if (Math.abs(found - value) <= manifest.golden.tolerance) return;
        throw wrong(
          manifest,
          `golden record ${index} gives ${name} = ${found} on ${predictor.backend}, expected ${value} within ${manifest.golden.tolerance}`,
        );
      });
    });
  });
}

const wrong = ({ name, version }: ModelManifest, message: string): ModelError =>
  new ModelError(`model ${name} version ${version}: ${message}`);
