// A worker that, once it has loaded a model on the onnx backend, predicts without end.

import { workerData } from 'piscina';
import { guardThread } from '../../src/base/uninterrupted.ts';
import { loadPredictor } from '../../src/model/load-predictor.ts';
import { readManifest } from '../../src/model/manifest.ts';
import type { Predictor } from '../../src/model/predictor.ts';
import type { WorkerData, WorkerRequest, WorkerResponse } from '../../src/worker-protocol/messages.ts';
import { MODEL_FOLDER } from '../support/model.ts';

guardThread((workerData as WorkerData).guard);

const ROWS = 4096;
const manifest = readManifest(MODEL_FOLDER);
let predictor: Predictor | undefined;

export default async function answer({ type }: WorkerRequest): Promise<WorkerResponse> {
  predictor ??= await loadPredictor('onnx', manifest);
  const features = new Float32Array(ROWS * manifest.width);
  while (type !== 'load') predictor.predict(features, ROWS);
  return { type: 'loaded' };
}
