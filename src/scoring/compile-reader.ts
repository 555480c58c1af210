// Chooses the reader for a format: the compiled one, with the general one behind it; for plans that do more than scale fields
// the general one alone.

import { codecs, type Format } from '../codec/codecs.ts';
import { NESTING_MAX } from '../codec/nesting.ts';
import { compilePlan } from '../features/plan.ts';
import type { FieldInput, StatelessInput } from '../features/spec.ts';
import { generalReader, type InputReader } from './input-reader.ts';
import { JsonReader } from './json-reader.ts';
import { MsgpackReader } from './msgpack-reader.ts';

const COMPILED = { msgpack: MsgpackReader, json: JsonReader } as const;

const isField = (input: StatelessInput): input is FieldInput => input.kind === 'field';

export function compileReader(
  format: Format,
  inputs: readonly StatelessInput[],
  idPaths: readonly string[],
  nestingMax = NESTING_MAX,
): InputReader {
  const general = generalReader(codecs[format], compilePlan(inputs), idPaths, nestingMax);
  return inputs.every(isField) ? new COMPILED[format](general, inputs, idPaths, nestingMax) : general;
}
