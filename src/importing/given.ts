// What a person says about the inputs and outputs of a model that is imported, in a model.yaml or a
// part of one. All that can be wrong with it is told with its place in that file: what the file
// says by itself before the model is opened, and what does not fit the model before it is asked for
// anything.

import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ManifestPart, type ModelOutput, readManifestPart } from '../model/manifest.ts';
import { readModelFile } from '../model/model-files.ts';
import { matchInputs } from '../model/signature.ts';
import { didYouMean } from '../written/nearest.ts';
import type { Exported } from './exported.ts';
import { featuresFrom, outputsFor } from './manifest-text.ts';

export interface Given {
  readonly file: string;
  readonly part: ManifestPart;
}

/** Throws `ModelError`. */
export const readGiven = (file: string): Given => ({ file, part: readManifestPart(file) });

export interface GivenParts {
  /** For the new model.yaml, as it is written. */
  readonly features: string;
  readonly outputs: readonly ModelOutput[];
}

/**
 * What is taken over into the folder of the version. Throws `ModelError` if the model has other
 * inputs or outputs.
 */
export function takeOver({ file, part }: Given, exported: Exported, folder: string): GivenParts {
  const { tensors, files, wrong } = part;
  const isPlain = tensors[0]?.name === null;
  const place = (tensor: number | null, key: string): readonly PropertyKey[] =>
    isPlain ? ['inputs'] : tensor === null ? ['tensors'] : ['tensors', tensor, key];
  matchInputs(
    { file: 'this file', wrong: (tensor, key, message) => wrong(place(tensor, key), message) },
    tensors,
    exported.inputs.map(({ name, type, shape }) => ({
      ...{ name, type },
      shape: [-1, ...shape.map((length) => length ?? -1)],
    })),
  );
  const outputs = outputsOf(part, exported);
  part.checkNames(outputs);
  for (const name of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFileSync(join(dirname(file), name), join(folder, name));
  }
  return { features: featuresFrom(readModelFile(file)), outputs };
}

/** Those of the file, or all of the model. */
function outputsOf({ outputs, wrong }: ManifestPart, exported: Exported): readonly ModelOutput[] {
  const own = outputsFor(exported);
  const names = own.map(({ name }) => name);
  outputs?.forEach(({ name, type }, index) => {
    const found = own.find((each) => each.name === name);
    if (found === undefined)
      throw wrong(
        ['outputs', index],
        `expected an output of the model, ${names.join(' or ')}, found "${name}"` +
          (didYouMean(name, names) || `; { name: ${names[0]}, as: ${name} } keeps that name in results`),
      );
    if ((type === 'text') !== (found.type === 'text'))
      throw wrong(['outputs', index], `expected type: ${found.type}, as the model says, found ${type}`);
  });
  return outputs ?? own;
}
