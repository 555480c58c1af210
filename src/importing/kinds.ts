// What a path leads to: which kind of model somebody has saved.

import { existsSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ModelError } from '../model/model-error.ts';
import { fileTrouble, NoInputError } from '../written/file-trouble.ts';

/** `exported`: what export.py has written on another machine. */
export type SavedKind = 'savedModel' | 'keras' | 'web' | 'onnx' | 'exported';

export interface Saved {
  readonly kind: SavedKind;
  /** The folder of a SavedModel, model.json, or the file. */
  readonly path: string;
}

const KIND_OF_FILE: Readonly<Record<string, SavedKind>> = {
  '.keras': 'keras',
  '.h5': 'keras',
  '.hdf5': 'keras',
  '.onnx': 'onnx',
  '.json': 'web',
};

const EXPECTED =
  'expected a SavedModel folder, a .keras or .h5 file, a TensorFlow.js model.json or an .onnx file';

/** Throws `NoInputError` for what is not there, and `ModelError` for what is no model. */
export function savedAt(path: string): Saved {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw new NoInputError(`${path}: ${fileTrouble(error, path)}`, { cause: error });
  }
  if (stats.isDirectory()) return inFolder(path);
  if (basename(path) === 'saved_model.pb') return { kind: 'savedModel', path: dirname(path) };
  const kind = KIND_OF_FILE[extname(path).toLowerCase()];
  if (kind === undefined) throw new ModelError(`${path}: ${EXPECTED}, found ${hint(extname(path))}`);
  return { kind, path };
}

function inFolder(path: string): Saved {
  const has = (name: string): boolean => existsSync(join(path, name));
  if (has('model.yaml'))
    throw new ModelError(
      `${path}: ${EXPECTED}, found a version of a model repository: "scorelane models inspect" looks into it`,
    );
  if (has('export.json')) return { kind: 'exported', path };
  if (has('saved_model.pb')) return { kind: 'savedModel', path };
  if (has('model.json')) return { kind: 'web', path: join(path, 'model.json') };
  throw new ModelError(`${path}: ${EXPECTED}, found a folder without saved_model.pb and model.json`);
}

function hint(extension: string): string {
  switch (extension.toLowerCase()) {
    case '.pt':
    case '.pth':
      return `a ${extension} file: export it with torch.onnx.export`;
    case '.pkl':
    case '.joblib':
      return `a ${extension} file: convert the model with skl2onnx or onnxmltools`;
    case '.tflite':
      return 'a .tflite file: import the model that it was made of';
    case '.weights':
      return 'weights alone: save the whole model';
    default:
      return extension === '' ? 'a file of another kind' : `a ${extension} file`;
  }
}
