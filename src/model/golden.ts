// The golden check: before a model serves, its golden records must give their known scores, through
// the features and the backend that will be used.

import { type GoldenRecord, ModelError, type ModelManifest, planOf } from './manifest.ts';
import { own, type Predictor } from './predictor.ts';

/**
 * Predicts the golden records as if they were the first ones in the log. Throws `ModelError` at the
 * first output that differs by more than the tolerance.
 */
export function checkGolden(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  predictor: Predictor,
): void {
  const { width } = manifest;
  const plan = planOf(manifest);
  const features = new Float32Array(golden.length * width);
  golden.forEach(({ record, timestampMs, key }, index) => {
    const bytes = key === undefined ? null : Buffer.from(key);
    const rejection = plan.fill(record, features, index * width, timestampMs, bytes);
    if (rejection !== null) throw wrong(manifest, `golden record ${index}: ${rejection.message}`);
  });
  const columns = predictor.predict(features, golden.length);
  manifest.outputs.forEach((name, outputIndex) => {
    const column = columns[outputIndex] as Float32Array;
    const outputWidth = column.length / golden.length;
    golden.forEach(({ outputs }, index) => {
      const expected = own(outputs, name);
      if (expected?.length !== outputWidth) {
        throw wrong(
          manifest,
          `golden record ${index} has ${expected?.length ?? 'no'} values for "${name}", the model gives ${outputWidth}`,
        );
      }
      expected.forEach((value, output) => {
        const found = column[index * outputWidth + output] as number;
        // Comparisons with NaN are false. So written this way, only a value that is surely near
        // enough passes.
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
