// Writes what each backend needs to run a saved model. Keras files, and the graph model out of a
// SavedModel, need a Python with TensorFlow; the others do not.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../model/model-files.ts';
import { nativeSignature } from '../model/native-signature.ts';
import { BackendMissingError } from '../model/predictor.ts';
import { type Exported, exportedSchema } from './exported.ts';
import type { Saved } from './kinds.ts';
import { copyOnnxModel } from './onnx-artefact.ts';
import { PythonMissingError, type PythonSession, withoutPython } from './python.ts';
import { copyWebModel } from './web-artefacts.ts';

export interface ArtefactOptions {
  readonly signature?: string | undefined;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Begins a Python when it is needed. */
  python(): PythonSession;
}

export interface Artefacts {
  readonly exported: Exported;
  /**
   * What can be asked for the outputs of the model itself; null where there is no Python for it.
   */
  readonly python: PythonSession | null;
}

/** Rejects with `ModelError`, `PythonMissingError` or `BackendMissingError`. */
export async function writeArtefacts(
  saved: Saved,
  folder: string,
  options: ArtefactOptions,
): Promise<Artefacts> {
  switch (saved.kind) {
    case 'keras':
      return byPython(saved, folder, options);
    case 'savedModel':
      try {
        return await byPython(saved, folder, options);
      } catch (error) {
        if (!(error instanceof PythonMissingError)) throw error;
        return { exported: await nativeOnly(saved.path, folder, options, error), python: null };
      }
    case 'web':
      return { exported: await copyWebModel(saved.path, folder), python: null };
    case 'exported': {
      const exported = readJson(join(saved.path, 'export.json'), exportedSchema, JSON.parse);
      cpSync(saved.path, folder, { recursive: true, filter: (path) => !path.endsWith('export.json') });
      return { exported, python: null };
    }
    case 'onnx':
      return { exported: copyOnnxModel(saved.path, folder), python: null };
  }
}

async function byPython({ path }: Saved, folder: string, options: ArtefactOptions): Promise<Artefacts> {
  const python = options.python();
  try {
    const { signature, shapes } = options;
    return { exported: await python.export({ path, out: folder, signature, shapes }), python };
  } catch (error) {
    if (!(error instanceof PythonMissingError)) throw error;
    throw new PythonMissingError(
      `${path}: expected TensorFlow in Python, which this kind of model needs, found none (${error.message}): ${withoutPython(path)}`,
      {
        cause: error,
      },
    );
  }
}

/** A SavedModel as it is, for the native backend alone. */
async function nativeOnly(
  path: string,
  folder: string,
  { signature: wanted }: ArtefactOptions,
  why: PythonMissingError,
): Promise<Exported> {
  try {
    const { signatures, signature, inputs, outputs } = await nativeSignature(path, wanted);
    cpSync(path, join(folder, 'saved_model'), { recursive: true });
    return {
      kind: 'savedModel',
      madeWith: 'TensorFlow',
      signatures,
      inputs: [...inputs],
      outputs: [...outputs],
      parameters: null,
      operations: null,
      savedModel: { path: 'saved_model', signature },
      onnx: { missing: 'it is no .onnx file' },
      web: { missing: why.message },
    };
  } catch (error) {
    throw error instanceof BackendMissingError ? why : error;
  }
}
