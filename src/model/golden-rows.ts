// The golden records as rows of features.

import { type GoldenRecord, type ModelManifest, planOf } from './manifest.ts';
import { ModelError } from './model-error.ts';

export const wrongModel = ({ name, version }: ModelManifest, message: string): ModelError =>
  new ModelError(`model ${name} version ${version}: ${message}`);

/**
 * The rows of the golden records, as if these were the first ones in the log. Throws `ModelError`.
 */
export function goldenRows(manifest: ModelManifest, golden: readonly GoldenRecord[]): Float32Array {
  const { width } = manifest;
  const plan = planOf(manifest);
  const features = new Float32Array(golden.length * width);
  golden.forEach(({ record, timestampMs, key }, index) => {
    const bytes = key === undefined ? null : Buffer.from(key);
    const rejection = plan.fill(record, features, index * width, timestampMs, bytes);
    if (rejection !== null) throw wrongModel(manifest, `golden record ${index}: ${rejection.message}`);
  });
  return features;
}
