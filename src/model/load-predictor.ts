// From a backend's name to a loaded model. Each runtime is large, so it is imported only when it is
// used.

import type { ModelManifest } from './manifest.ts';
import type { Backend, Predictor } from './predictor.ts';

/**
 * Loads the model on one backend. Throws `BackendMissingError`, or `ModelError` if the files are
 * wrong.
 */
export async function loadPredictor(backend: Backend, manifest: ModelManifest): Promise<Predictor> {
  if (backend === 'native') return (await import('./native.ts')).loadNative(manifest);
  return (await import('./web.ts')).loadWeb(backend, manifest);
}
