// From a backend's name to a loaded model. Each runtime is large, so it is imported only when it is
// used.

import type { ModelManifest } from './manifest.ts';
import { remedyFor } from './missing-package.ts';
import { type Backend, BackendMissingError, isNotInstalled, type Predictor } from './predictor.ts';

/**
 * Loads the model on one backend. Throws `BackendMissingError`, or `ModelError` if the files are
 * wrong.
 */
export async function loadPredictor(backend: Backend, manifest: ModelManifest): Promise<Predictor> {
  if (backend === 'native') return (await import('./native.ts')).loadNative(manifest);
  if (backend === 'onnx') return (await import('./onnx.ts')).loadOnnx(manifest);
  try {
    return await (await import('./web.ts')).loadWeb(backend, manifest);
  } catch (error) {
    if (!isNotInstalled(error)) throw error;
    const [, name = 'a package of TensorFlow.js'] =
      /Cannot find (?:package|module) '([^']*)'/.exec((error as Error).message) ?? [];
    throw new BackendMissingError(`${name} is not installed; ${remedyFor(name)}`, { cause: error });
  }
}
