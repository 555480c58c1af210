// A graph model as the documentation of TensorFlow.js has it: load, predict, data.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { io, Tensor } from '@tensorflow/tfjs-core';
import type { ModelManifest } from '../../src/model/manifest.ts';

const require = createRequire(import.meta.url);

/** On WASM. */
export async function plainModel({
  folder,
  artefacts,
}: ModelManifest): Promise<(features: readonly number[]) => Promise<number>> {
  const tf = await import('@tensorflow/tfjs-core');
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  tf.enableProdMode();
  await tf.setBackend('wasm');
  const file = join(folder, artefacts.web?.path ?? '');
  const { weightsManifest, ...document } = JSON.parse(readFileSync(file, 'utf8'));
  const weightSpecs = weightsManifest.flatMap((group: { weights: object[] }) => group.weights);
  const paths: readonly string[] = weightsManifest.flatMap((group: { paths: string[] }) => group.paths);
  const bytes = Buffer.concat(paths.map((path) => readFileSync(join(dirname(file), path))));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const model = await loadGraphModel({
    load: async () => ({ ...document, weightSpecs, weightData }) as io.ModelArtifacts,
  });
  return async (features) => {
    const given = tf.tensor2d([[...features]]);
    const output = model.predict(given) as Tensor;
    const [score = Number.NaN] = await output.data();
    tf.dispose([given, output]);
    return score;
  };
}
