// The one place that knows onnxruntime-node. Its public API answers later, through a promise, and a
// worker predicts within a task. Below the API is a binding whose calls are synchronous: the API
// itself only makes them in setImmediate. It is used here directly, with the version pinned
// (docs/decisions/0024); test/model/onnx-runtime.test.ts says what is relied on.

import { createRequire } from 'node:module';
import { uninterrupted } from '../base/uninterrupted.ts';
import { remedyFor } from './missing-package.ts';
import { BackendMissingError, firstLine } from './predictor.ts';

/** Of the types that onnxruntime has, those that are used here. */
export type OnnxType = 'float32' | 'float64' | 'int32' | 'int64' | 'bool' | 'string';
export type OnnxData =
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | readonly string[];

export interface OnnxTensor {
  readonly type: string;
  readonly data: OnnxData;
  readonly dims: readonly number[];
}

export interface OnnxSession {
  /** Throws what onnxruntime throws. */
  run(feeds: Readonly<Record<string, OnnxTensor>>): Readonly<Record<string, OnnxTensor>>;
  dispose(): void;
}

interface BindingSession {
  loadModel(path: string, options: object): void;
  loadModel(bytes: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  run(feeds: object, fetches: object, options: object): Record<string, OnnxTensor>;
  dispose(): void;
}

interface Runtime {
  readonly Tensor: new (type: OnnxType, data: OnnxData, dims: readonly number[]) => OnnxTensor;
  readonly Session: new () => BindingSession;
  readonly version: string;
}

const PACKAGE = 'onnxruntime-node';
const require = createRequire(import.meta.url);

let runtime: Runtime | undefined;

/** Throws `BackendMissingError`. */
export function loadOnnxRuntime(): Runtime {
  runtime ??= load();
  return runtime;
}

function load(): Runtime {
  try {
    // The one that belongs to the binding: it makes the tensors of the outputs.
    const { env, Tensor } = createRequire(require.resolve(PACKAGE))('onnxruntime-common');
    // What goes wrong is thrown too; on standard error it would stand twice.
    env.logLevel = 'fatal';
    const { binding, initOrt } = require(`${PACKAGE}/dist/binding.js`);
    initOrt();
    const { version } = require(`${PACKAGE}/dist/version.js`);
    return { Tensor, Session: binding.InferenceSession, version };
  } catch (error) {
    throw new BackendMissingError(`${PACKAGE} does not load (${firstLine(error)}); ${remedyFor(PACKAGE)}`, {
      cause: error,
    });
  }
}

/** One thread: the pool makes the parallelism. */
const OPTIONS = {
  executionMode: 'sequential',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
};
const RUN_OPTIONS = { logSeverityLevel: 4 };

/**
 * Opens a model from its file, or from its bytes, for these outputs. Throws what onnxruntime
 * throws.
 */
export function openSession(model: string | Uint8Array, outputs: readonly string[]): OnnxSession {
  const { Session } = loadOnnxRuntime();
  const session = uninterrupted(() => {
    const opened = new Session();
    if (typeof model === 'string') opened.loadModel(model, OPTIONS);
    else opened.loadModel(model.buffer, model.byteOffset, model.byteLength, OPTIONS);
    return opened;
  });
  const fetches = Object.fromEntries(outputs.map((name) => [name, null]));
  return {
    run: (feeds) => uninterrupted(() => session.run(feeds, fetches, RUN_OPTIONS)),
    dispose: () => uninterrupted(() => session.dispose()),
  };
}
