// A loaded model as the scorer sees it: rows of features go in, columns of outputs come out. Each
// runtime has its own implementation.

import { ScorelaneError } from '../base/errors.ts';

/**
 * What an output holds for each row, one row after the other: floats, whole numbers (of 32 bits, or
 * of 64 bits as doubles), flags, or text.
 */
export type OutputColumn = Float32Array | Int32Array | Float64Array | Uint8Array | readonly string[];

export const BACKENDS = ['native', 'wasm', 'cpu', 'onnx'] as const;
export type Backend = (typeof BACKENDS)[number];

export interface Predictor {
  readonly backend: Backend;
  /** The runtime's own name and version, for reports. */
  readonly runtime: string;
  /**
   * `features` holds `rows` rows of the model's width, in cells (`cells.ts`). Returns a column for
   * each output, in the manifest's order. A column has `rows * width` values, where the width is
   * the output's. Throws what the runtime throws.
   */
  predict(features: Float32Array, rows: number): OutputColumn[];
  /**
   * The tensors that are alive in this thread's runtime. Between calls the number is always the
   * same.
   */
  tensorCount(): number;
  /** Frees the model's tensors and memory. After that it can predict nothing. */
  dispose(): void;
}

/** A backend cannot be used here. The message says what would help. */
export class BackendMissingError extends ScorelaneError {
  readonly code = 'SCORELANE_BACKEND_MISSING';
}

/** A package is missing: of `import` and of `require`. */
export const isNotInstalled = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as NodeJS.ErrnoException).code ?? '');

/** What a map itself holds under a name of model.yaml, and not what every object inherits. */
export const own = <T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;

export const firstLine = (error: unknown): string => (error as Error).message.split('\n')[0] as string;
