// What a SavedModel says of itself, read by tfjs-node without running it.

import type { TensorType } from '../features/tensor-type.ts';
import { ModelError } from './model-error.ts';
import { loadTensorFlow, NATIVE_TYPES } from './native.ts';

export interface SignatureTensor {
  readonly name: string;
  readonly type: TensorType;
  /** Without the records; null where any length will do. */
  readonly shape: (number | null)[];
}

export interface NativeSignature {
  readonly signatures: string[];
  readonly signature: string;
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
}

/** Rejects with `ModelError`, and with `BackendMissingError` without tfjs-node. */
export async function nativeSignature(path: string, wanted: string | undefined): Promise<NativeSignature> {
  const tf = loadTensorFlow();
  const graphs = await tf.node.getMetaGraphsFromSavedModel(path).catch((error: unknown) => {
    throw new ModelError(`${path}: expected a SavedModel, found none that can be read`, { cause: error });
  });
  const definitions = graphs.find(({ tags }) => tags.includes('serve'))?.signatureDefs ?? {};
  const signatures = Object.keys(definitions).toSorted();
  const signature =
    wanted ??
    (signatures.includes('serving_default') || signatures.length !== 1 ? 'serving_default' : signatures[0]);
  const definition = signature === undefined ? undefined : definitions[signature];
  if (signature === undefined || definition === undefined)
    throw new ModelError(
      `${path}: expected one of its signatures, ${signatures.join(', ') || 'but it has none'}, found "${signature}"`,
    );
  const tensors = (entries: typeof definition.inputs): SignatureTensor[] =>
    Object.entries(entries).map(([name, { tfDtype, shape }]) => {
      const type = NATIVE_TYPES[tfDtype];
      if (type === undefined)
        throw new ModelError(
          `${path}: expected float32, int32, bool or string for "${name}", found ${tfDtype}; ` +
            'with TensorFlow in Python, scorelane writes a SavedModel that casts it',
        );
      const lengths = shape.map((dimension) => dimension.getSize());
      return { name, type, shape: lengths.slice(1).map((length) => (length > 0 ? length : null)) };
    });
  return { signatures, signature, inputs: tensors(definition.inputs), outputs: tensors(definition.outputs) };
}
