// What a layers model of TensorFlow.js says of itself, once it is loaded.

import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { TensorType } from '../features/tensor-type.ts';
import type { SignatureTensor } from './native-signature.ts';
import { withLayers } from './web.ts';
import type { WebDocument } from './web-files.ts';

/** Rejects with `ModelError` for a model that TensorFlow.js cannot load. */
export async function layersSignature(
  file: string,
  document: WebDocument,
): Promise<{ readonly inputs: SignatureTensor[]; readonly outputs: SignatureTensor[] }> {
  return withLayers(file, document, (model) => {
    const tensor = (name: string, { dtype, shape }: SymbolicTensor): SignatureTensor => ({
      name,
      type: dtype as TensorType,
      shape: shape.slice(1),
    });
    return {
      inputs: model.inputs.map((each) => tensor(each.name, each)),
      outputs: model.outputs.map((each, index) => tensor(model.outputNames[index] as string, each)),
    };
  });
}
