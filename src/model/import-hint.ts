// What to do with a file of Keras where TensorFlow wants a SavedModel or a graph model.

import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const KERAS = /\.(?:keras|h5)$/;

/** A hint where the path is a file of Keras, or where such a file lies beside it; else nothing. */
export function importHint(path: string): string {
  const file = KERAS.test(path) ? path : kerasFileIn(dirname(path));
  if (file === undefined) return '';
  return (
    `; ${basename(file)} is a file of Keras, which is not served as it is: "scorelane models import ${basename(file)} ` +
    '--name NAME" makes a model version of it'
  );
}

function kerasFileIn(folder: string): string | undefined {
  try {
    return readdirSync(folder).find((name) => KERAS.test(name));
  } catch {
    // The folder's own trouble is told already.
    return undefined;
  }
}
