// The onnx backend: models of scikit-learn, XGBoost, LightGBM, PyTorch and others, by onnxruntime.

import { join } from 'node:path';
import type { TensorType } from '../features/tensor-type.ts';
import { type TensorValues, tensorValues } from './cells.ts';
import type { ModelManifest, ModelOutput } from './manifest.ts';
import { ModelError } from './model-error.ts';
import { describeOnnx, type OnnxFile, type OnnxValue, readOnnxBytes } from './onnx-file.ts';
import {
  loadOnnxRuntime,
  type OnnxData,
  type OnnxSession,
  type OnnxTensor,
  type OnnxType,
  openSession,
} from './onnx-runtime.ts';
import { withoutZipMaps } from './onnx-zipmap.ts';
import { BackendMissingError, firstLine, type Predictor } from './predictor.ts';
import { matchInputs, type SignatureInput } from './signature.ts';
import { exactColumn, firstRows, refuseMissingOutputs, refuseOtherRows } from './tensor-output.ts';

/**
 * onnxruntime adds in another order for a single row (LinearClassifier), and takes exponentials of
 * doubles otherwise where they do not fill a vector. If the batch size is a multiple of 8, scores
 * of 28 models agree to the bit on x86-64 (invariant 8, docs/decisions/0024).
 */
const ROWS_MULTIPLE = 8;

/** Throws `ModelError` and `BackendMissingError`. */
export async function loadOnnx(manifest: ModelManifest): Promise<Predictor> {
  const { onnx } = manifest.artefacts;
  if (onnx === undefined) {
    throw new BackendMissingError(
      `model ${manifest.name} has no artefacts.onnx, which the onnx backend needs`,
    );
  }
  const { Tensor, version } = loadOnnxRuntime();
  const path = join(manifest.folder, onnx.path);
  const bytes = readOnnxBytes(path);
  const file = describeOnnx(path, bytes);
  const { tensors, outputs } = manifest;
  const matched = matchInputs(path, tensors, file.inputs.map(inputOf), onnx.input);
  const inputs = matched.map(({ name }) => file.inputs.find((each) => each.name === name) as OnnxValue);
  const given = outputs.map((output) => outputOf(path, file, output));
  const session = open(path, bytes, file, [...new Set(given)]);
  return {
    backend: 'onnx',
    runtime: `onnxruntime-node ${version}`,
    predict(features, rows) {
      const padded = Math.ceil(rows / ROWS_MULTIPLE) * ROWS_MULTIPLE;
      const values = tensorValues(tensors, features, rows, padded);
      const feeds: Record<string, OnnxTensor> = {};
      tensors.forEach(({ shape }, index) => {
        const { name, type } = inputs[index] as OnnxValue;
        const data = asData(type, values[index] as TensorValues);
        feeds[name] = new Tensor(type as OnnxType, data, [padded, ...shape]);
      });
      const found = session.run(feeds);
      return outputs.map(({ name }, index) => {
        const tensor = found[given[index] as string] as OnnxTensor;
        refuseOtherRows(path, name, tensor.dims, padded);
        return firstRows(exactColumn(name, tensor.data), padded, rows);
      });
    },
    // It keeps none between calls: it is given arrays, and gives arrays.
    tensorCount: () => 0,
    dispose: () => session.dispose(),
  };
}

/** By the types of inputs: what fills them. */
export const ONNX_FILLED_BY: Readonly<Record<string, TensorType>> = {
  float32: 'float32',
  float64: 'float32',
  int32: 'int32',
  int64: 'int32',
  bool: 'bool',
  string: 'string',
};

const inputOf = ({ name, type, shape }: OnnxValue): SignatureInput => ({
  name,
  type: ONNX_FILLED_BY[type] ?? type,
  shape: shape?.map((length) => (typeof length === 'number' ? length : -1)) ?? null,
});

/** What can be read of outputs. */
const READABLE = ['float32', 'float64', 'int32', 'int64', 'bool', 'string'];

/** The name under which onnxruntime gives an output. Throws `ModelError`. */
function outputOf(path: string, { outputs, zipMaps }: OnnxFile, output: ModelOutput): string {
  refuseMissingOutputs(
    path,
    [output],
    outputs.map(({ name }) => name),
  );
  const { name, type } = outputs.find((each) => each.name === output.name) as OnnxValue;
  if (!READABLE.includes(type))
    throw new ModelError(
      `${path}: expected the output "${name}" to be a tensor of ${READABLE.join(', ')}, found ${type}: export the ` +
        'model so that it gives such a tensor, or leave this output out of model.yaml',
    );
  return zipMaps.find(({ to }) => to === name)?.from ?? name;
}

/** Opens the file itself if it can: weights may be in other files beside it. */
function open(
  path: string,
  bytes: Uint8Array,
  { zipMaps }: OnnxFile,
  outputs: readonly string[],
): OnnxSession {
  try {
    return openSession(zipMaps.length === 0 ? path : withoutZipMaps(bytes, zipMaps), outputs);
  } catch (error) {
    throw new ModelError(
      `${path}: expected a model that onnxruntime can load, found one that it cannot (${wordsOf(error)})`,
      { cause: error },
    );
  }
}

/** What onnxruntime says of it, without what we say ourselves. */
const wordsOf = (error: unknown): string =>
  firstLine(error)
    .replace(/^Load model from .* failed: ?/, '')
    .replace(/^This is an invalid model\. (?:Error: )?/, '');

function asData(type: string, values: TensorValues): OnnxData {
  if (type === 'int64') return BigInt64Array.from(values as Int32Array, BigInt);
  return type === 'float64' ? Float64Array.from(values as Float32Array) : values;
}
