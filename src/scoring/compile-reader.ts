// Chooses the reader for a format: the compiled one, with the general one behind it.

import { codecs, type Format } from '../codec/codecs.ts';
import { NESTING_MAX } from '../codec/nesting.ts';
import { compilePlan, type FeatureInput } from '../features/plan.ts';
import { generalReader, type InputReader } from './input-reader.ts';
import { JsonReader } from './json-reader.ts';
import { MsgpackReader } from './msgpack-reader.ts';

const COMPILED = { msgpack: MsgpackReader, json: JsonReader } as const;

export function compileReader(
  format: Format,
  inputs: readonly FeatureInput[],
  idPaths: readonly string[],
  nestingMax = NESTING_MAX,
): InputReader {
  const general = generalReader(codecs[format], compilePlan(inputs), idPaths, nestingMax);
  return new COMPILED[format](general, inputs, idPaths, nestingMax);
}
