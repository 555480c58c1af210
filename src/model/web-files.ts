// model.json and the weights beside it, read in full and checked: TensorFlow.js takes for granted
// that they are whole and fit together.

import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { z } from 'zod';
import { fileTrouble } from '../written/file-trouble.ts';
import { ModelError } from './model-error.ts';
import { readJson } from './model-files.ts';

/** The bytes of one value. Text has no fixed length. */
const BYTES_OF = { float32: 4, int32: 4, bool: 1, complex64: 8, string: Number.NaN } as const;
const QUANTIZED_BYTES_OF = { uint8: 1, uint16: 2, float16: 2 } as const;

const namesOf = <T extends object>(table: T) => Object.keys(table) as [keyof T & string];

const weight = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.enum(namesOf(BYTES_OF)),
  quantization: z.looseObject({ dtype: z.enum(namesOf(QUANTIZED_BYTES_OF)) }).optional(),
});

const parts = {
  weightsManifest: z.array(z.looseObject({ paths: z.array(z.string().min(1)), weights: z.array(weight) })),
};
const graph = z.looseObject({
  format: z.literal('graph-model'),
  modelTopology: z.looseObject({
    node: z.array(z.looseObject({ name: z.string(), op: z.string() })).min(1),
    versions: z.record(z.string(), z.unknown()),
  }),
  ...parts,
});
/** The first ones had no format. */
const layers = z.looseObject({
  format: z.enum(['graph-model', 'layers-model']).optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  ...parts,
});

export type WebDocument = z.infer<typeof graph> | z.infer<typeof layers>;
type WeightGroup = WebDocument['weightsManifest'][number];

/** Reads model.json. Throws `ModelError`. */
export function readWebDocument(file: string): WebDocument {
  const document = readJson(file, layers, JSON.parse);
  return document.format === 'graph-model' ? readJson(file, graph, JSON.parse) : document;
}

/** The weights of all groups, one behind the other. Throws `ModelError`. */
export const readWeights = (file: string, { weightsManifest }: WebDocument): ArrayBuffer =>
  new Uint8Array(Buffer.concat(weightsManifest.map((group) => readGroup(file, group)))).buffer;

function readGroup(file: string, { paths, weights }: WeightGroup): Buffer {
  const files = paths.map((path) => beside(file, path));
  const bytes = Buffer.concat(files.map(readBytes));
  const expected = weights.reduce((sum, each) => sum + bytesOf(each), 0);
  // With text among the weights only TensorFlow.js knows.
  if (Number.isNaN(expected) || bytes.length === expected) return bytes;
  throw new ModelError(
    `${files.join(' and ')}: expected the ${expected} bytes of the weights that ${basename(file)} lists, found ${bytes.length}`,
  );
}

/** A model that came from elsewhere reads nothing but its own files. */
function beside(file: string, path: string): string {
  const found = join(dirname(file), path);
  if (!isAbsolute(path) && !relative(dirname(file), found).startsWith('..')) return found;
  throw new ModelError(`${file}: expected paths of weights in its own folder, found ${path}`);
}

const bytesOf = ({ shape, dtype, quantization }: z.infer<typeof weight>): number =>
  shape.reduce((product, length) => product * length, 1) *
  (quantization === undefined ? BYTES_OF[dtype] : QUANTIZED_BYTES_OF[quantization.dtype]);

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ModelError(`${path}: ${fileTrouble(error, path)}`, { cause: error });
  }
}
