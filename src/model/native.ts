// The native backend: TensorFlow's C library through @tensorflow/tfjs-node. It uses only SavedModel
// signatures: a signature is one call per batch. Eager ops are slower, and for a while they leak
// resident memory (docs/decisions/0005).

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorType } from '../features/tensor-type.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import { type TensorValues, tensorValues } from './cells.ts';
import { importHint } from './import-hint.ts';
import type { ModelManifest } from './manifest.ts';
import { remedyFor } from './missing-package.ts';
import { ModelError } from './model-error.ts';
import { BackendMissingError, firstLine, own, type Predictor } from './predictor.ts';
import { inBrackets } from './runtime-words.ts';
import { matchInputs, type SignatureInput } from './signature.ts';
import { columnOf, refuseMissingOutputs } from './tensor-output.ts';

/**
 * The part of tfjs-node that is used here. Its own types may be missing: it is an optional
 * dependency.
 */
interface TensorFlow {
  readonly version: Record<string, string>;
  tensor(values: TensorValues, shape: number[], type: TensorType): Tensor;
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  backend(): { readonly binding?: { readonly TF_Version?: string } };
  memory(): { readonly numTensors: number };
  readonly node: {
    loadSavedModel(path: string, tags: string[], signature: string): Promise<SavedModel>;
    getMetaGraphsFromSavedModel(path: string): Promise<readonly MetaGraph[]>;
  };
}

interface SignatureEntry {
  readonly tfDtype: string;
  /** Messages of protobuf, a length each: -1 where any will do. Empty where nothing is said. */
  readonly shape: readonly { getSize(): number }[];
}

interface SignatureDefinition {
  readonly inputs: Readonly<Record<string, SignatureEntry>>;
  readonly outputs: Readonly<Record<string, SignatureEntry>>;
}

interface MetaGraph {
  readonly tags: readonly string[];
  readonly signatureDefs: Readonly<Record<string, SignatureDefinition>>;
}

interface SavedModel {
  readonly signature: SignatureDefinition;
  dispose(): void;
  predict(inputs: Record<string, Tensor>): Record<string, Tensor>;
}

const require = createRequire(import.meta.url);

/** TensorFlow.js's own name of this backend. */
const NAME = 'tensorflow';

export async function loadNative(manifest: ModelManifest): Promise<Predictor> {
  const { savedModel } = manifest.artefacts;
  if (savedModel === undefined) {
    throw new BackendMissingError(
      `model ${manifest.name} has no artefacts.savedModel, which the native backend needs`,
    );
  }
  const tf = loadTensorFlow();
  await tf.setBackend(NAME);
  const path = join(manifest.folder, savedModel.path);
  refuseWithoutGraph(path);
  const model = await tf.node
    .loadSavedModel(path, ['serve'], savedModel.signature)
    .catch((error: unknown) => {
      throw new ModelError(
        `${path}: expected a SavedModel with the tag serve and the signature ${savedModel.signature}, ` +
          `found none that TensorFlow can load${inBrackets(error)}`,
        { cause: error },
      );
    });
  const { tensors, outputs: wanted } = manifest;
  const signature = model.signature;
  const inputs = checkingSignature(model, () => {
    refuseMissingOutputs(path, wanted, Object.keys(signature.outputs));
    const given = Object.entries(signature.inputs).map(inputOf);
    return matchInputs(path, tensors, given, savedModel.input).map((input) => withShape(path, input));
  });
  return {
    backend: 'native',
    runtime: `tfjs-node ${tf.version['tfjs-core']} on TensorFlow ${tf.backend().binding?.TF_Version ?? '(unknown)'}`,
    predict(features, rows) {
      // Another model of this thread may be on another backend.
      if (tf.getBackend() !== NAME) void tf.setBackend(NAME);
      const padded = Math.ceil(rows / ROWS_MULTIPLE) * ROWS_MULTIPLE;
      const values = tensorValues(tensors, features, rows, padded);
      const alive: Tensor[] = [];
      try {
        const named: Record<string, Tensor> = {};
        tensors.forEach(({ type, shape }, index) => {
          const tensor = tf.tensor(values[index] as TensorValues, [padded, ...shape], type);
          alive.push(tensor);
          named[(inputs[index] as SignatureInput).name] = tensor;
        });
        const outputs = model.predict(named);
        alive.push(...Object.values(outputs));
        return wanted.map(({ name }) => columnOf(path, name, own(outputs, name) as Tensor, padded, rows));
      } finally {
        // Also if the model throws: the thread goes on with the other records.
        for (const tensor of alive) tensor.dispose();
      }
    },
    tensorCount: () => tf.memory().numTensors,
    dispose: () => model.dispose(),
  };
}

/** TensorFlow ends the process for a tensor of another rank than an operation wants. */
function withShape(path: string, input: SignatureInput): SignatureInput {
  if (input.shape !== null) return input;
  throw new ModelError(
    `${path}: expected a shape for the input "${input.name}" in the model's signature, found none: save the model with ` +
      'an input_signature that has shapes, such as tf.TensorSpec([None, 12])',
  );
}

/** The model is of no use if it does not fit. */
function checkingSignature<T>(model: SavedModel, check: () => T): T {
  try {
    return check();
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** What can be fed to each type of TensorFlow; tfjs-node makes the wider integers of int32. */
export const NATIVE_TYPES: Readonly<Record<string, TensorType>> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
};

const inputOf = ([name, { tfDtype, shape }]: readonly [string, SignatureEntry]): SignatureInput => ({
  name,
  type: NATIVE_TYPES[tfDtype] ?? tfDtype,
  shape: shape.length === 0 ? null : shape.map((dimension) => dimension.getSize()),
});

/** TensorFlow takes an empty file for a model without anything in it. */
function refuseWithoutGraph(folder: string): void {
  const file = join(folder, 'saved_model.pb');
  let size: number;
  try {
    ({ size } = statSync(file));
  } catch (error) {
    throw new ModelError(`${file}: ${fileTrouble(error, file)}${importHint(folder)}`, { cause: error });
  }
  if (size === 0) throw new ModelError(`${file}: expected the graph of a SavedModel, found an empty file`);
}

/**
 * TensorFlow adds in another order for a single row, and, without oneDNN, for rows that do not fill
 * a block. Then the last bits of a score would depend on which records share a call. Seen on
 * x86-64: if the batch size is a multiple of 8, scores agree to the bit, with and without oneDNN
 * (invariant 8).
 */
const ROWS_MULTIPLE = 8;

/** Loads tfjs-node, or says why it cannot be. */
export function loadTensorFlow(): TensorFlow {
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  try {
    return require('@tensorflow/tfjs-node') as TensorFlow;
  } catch (error) {
    throw new BackendMissingError(`${PACKAGE} does not load (${firstLine(error)}); ${remedyFor(PACKAGE)}`, {
      cause: error,
    });
  }
}

const PACKAGE = '@tensorflow/tfjs-node';
