// An .onnx file: copied as it is, with what it says of itself, and the files beside it that have
// its weights (PyTorch writes one).

import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { TensorType } from '../features/tensor-type.ts';
import { ModelError } from '../model/model-error.ts';
import { ONNX_FILLED_BY } from '../model/onnx.ts';
import { type OnnxValue, readOnnxFile } from '../model/onnx-file.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import type { Exported, ExportedTensor } from './exported.ts';

/** Throws `ModelError`. */
export function copyOnnxModel(file: string, folder: string): Exported {
  const { inputs, outputs, producer, ops, weightFiles } = readOnnxFile(file);
  copyFileSync(file, join(folder, 'model.onnx'));
  for (const path of weightFiles) copyWeights(file, path, folder);
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

/** The .onnx file names them by their paths, so they keep these. */
function copyWeights(file: string, path: string, folder: string): void {
  const own = normalize(path);
  if (own.startsWith('..') || own.startsWith('/'))
    throw new ModelError(`${file}: expected its weights in a file beside it, found them in ${path}`);
  const [from, to] = [join(dirname(file), own), join(folder, own)];
  try {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  } catch (error) {
    throw new ModelError(`${from}, which has the weights of ${file}: ${fileTrouble(error, from)}`, {
      cause: error,
    });
  }
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
