// What a loaded model is to the scorer: rows of floats in, columns of floats out. One
// implementation a runtime.

import { ScorelaneError } from '../base/errors.ts';

export const BACKENDS = ['native', 'wasm', 'cpu'] as const;
export type Backend = (typeof BACKENDS)[number];

export interface Predictor {
  readonly backend: Backend;
  /** The runtime's own name and version, for reports. */
  readonly runtime: string;
  /**
   * `features` holds `rows` rows of the model's width. Returns a column for each output of the
   * manifest, in its order: `rows * width` floats, the width being the output's own. Throws what
   * the runtime throws.
   */
  predict(features: Float32Array, rows: number): Float32Array[];
  /** Tensors alive in this thread's runtime: between calls always as many. */
  tensorCount(): number;
  /** Gives up the model's tensors and memory. Nothing is predicted after that. */
  dispose(): void;
}

/** A backend that cannot be used here, and what would change that. */
export class BackendMissingError extends ScorelaneError {
  readonly code = 'SCORELANE_BACKEND_MISSING';
}
