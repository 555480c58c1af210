// Chooses the reader for a model's inputs: a compiled one where there is one, else the general one.

import { codecs, type Format } from '../codec/codecs.ts';
import { parsePath } from '../features/path.ts';
import { compilePlan, type FeatureInput } from '../features/plan.ts';
import { generalReader, type InputReader } from './input-reader.ts';
import { MsgpackReader } from './msgpack-reader.ts';

export function compileReader(
  format: Format,
  inputs: readonly FeatureInput[],
  idPaths: readonly string[],
): InputReader {
  const general = generalReader(codecs[format], compilePlan(inputs), idPaths);
  const paths = [...inputs.map(({ path }) => path), ...idPaths];
  const isFlat = paths.every((path) => parsePath(path).length === 1);
  return format === 'msgpack' && isFlat ? new MsgpackReader(general, inputs, idPaths) : general;
}
