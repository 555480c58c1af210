// Chooses the reader for a format: the compiled one, with the general one behind it.

import { codecs, type Format } from '../codec/codecs.ts';
import { NESTING_MAX } from '../codec/nesting.ts';
import { parsePath } from '../features/path.ts';
import { compilePlan, type FeaturePlan } from '../features/plan.ts';
import type { PlanInput, StatelessInput } from '../features/spec.ts';
import { generalReader, type InputReader } from './input-reader.ts';
import { JsonReader } from './json-reader.ts';
import { entriesOf, Locator } from './locate.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { RawRecord } from './raw-record.ts';

const COMPILED = { msgpack: MsgpackReader, json: JsonReader } as const;

/** A reader for inputs that records alone give. */
export function compileReader(
  format: Format,
  inputs: readonly StatelessInput[],
  idPaths: readonly string[],
  nestingMax = NESTING_MAX,
): InputReader {
  const raw = new RawRecord(inputs, idPaths);
  return readerFor(format, { inputs, plan: compilePlan(inputs, raw), raw, idPaths, nestingMax });
}

export interface ReaderParts {
  readonly inputs: readonly PlanInput[];
  /** Compiled for these inputs, with `raw` for its fields. */
  readonly plan: FeaturePlan;
  readonly raw: RawRecord;
  readonly idPaths: readonly string[];
  readonly nestingMax: number;
}

export function readerFor(
  format: Format,
  { inputs, plan, raw, idPaths, nestingMax }: ReaderParts,
): InputReader {
  const locator = new Locator(entriesOf[format](), idPaths.map(parsePath));
  const general = generalReader(codecs[format], plan, idPaths, nestingMax, locator);
  const rest = raw.direct.length === inputs.length ? null : plan;
  return new COMPILED[format]({ general, rest, raw, entries: entriesOf[format](), nestingMax });
}
