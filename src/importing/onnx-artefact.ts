// An .onnx file: copied as it is, with what it says of itself. Weights in other files beside it are
// not taken along by themselves, so such a file is refused.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TensorType } from '../features/tensor-type.ts';
import { ModelError } from '../model/model-error.ts';
import { ONNX_FILLED_BY } from '../model/onnx.ts';
import { type OnnxValue, readOnnxFile } from '../model/onnx-file.ts';
import type { Exported, ExportedTensor } from './exported.ts';

/** Throws `ModelError`. */
export function copyOnnxModel(file: string, folder: string): Exported {
  const { inputs, outputs, producer, ops } = readOnnxFile(file);
  copyFileSync(file, join(folder, 'model.onnx'));
  const none = 'an .onnx file has nothing for TensorFlow';
  return {
    kind: '.onnx file',
    madeWith: producer === '' ? 'ONNX' : producer,
    signatures: null,
    inputs: inputs.map((value) => tensorOf(file, value)),
    // One that is no tensor cannot be given in results.
    outputs: outputs.filter(({ type }) => type in OUTPUT_TYPES).map((value) => tensorOf(file, value)),
    parameters: null,
    operations: Object.fromEntries(ops.map((op) => [op, 1])),
    savedModel: { missing: none },
    onnx: { path: 'model.onnx' },
    web: { missing: none },
  };
}

const OUTPUT_TYPES: Readonly<Record<string, TensorType>> = ONNX_FILLED_BY;

function tensorOf(file: string, { name, type, shape }: OnnxValue): ExportedTensor {
  const own = ONNX_FILLED_BY[type];
  if (own === undefined)
    throw new ModelError(
      `${file}: expected ${Object.keys(ONNX_FILLED_BY).join(', ')} for the input "${name}", found ${type}`,
    );
  const lengths = (shape ?? []).slice(1);
  return {
    name,
    type: own,
    shape: lengths.map((length) => (typeof length === 'number' && length > 0 ? length : null)),
  };
}
