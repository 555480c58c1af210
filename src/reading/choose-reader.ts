// Chooses the reader for a format: the compiled reader, with the general reader behind it.

import { codecs, type Format } from '../codec/codecs.ts';
import { looseJson } from '../codec/json-loose.ts';
import { NESTING_MAX } from '../codec/nesting.ts';
import type { FeaturePlan } from '../features/feature-plan.ts';
import { parsePath } from '../features/path.ts';
import { compilePlan } from '../features/plan.ts';
import type { PlanInput, StatelessInput } from '../features/spec.ts';
import { FramedJsonReader } from './framed-json-reader.ts';
import { generalReader, type InputReader } from './input-reader.ts';
import { JsonReader } from './json-reader.ts';
import { entriesOf, Locator } from './locate.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import type { JsonOptions } from './reading-setup.ts';
import { UndecodedRecord } from './undecoded-record.ts';

const PLAIN_JSON: JsonOptions = { isFramed: false, schemas: [], notFinite: false };

const COMPILED = { msgpack: MsgpackReader, json: JsonReader } as const;

/** A reader for inputs that need the record alone. */
export function compileReader(
  format: Format,
  inputs: readonly StatelessInput[],
  idPaths: readonly string[],
  nestingMax = NESTING_MAX,
): InputReader {
  const raw = new UndecodedRecord(inputs, idPaths);
  return readerFor(format, { inputs, plan: compilePlan(inputs, raw), raw, idPaths, nestingMax });
}

export interface ReaderParts {
  readonly inputs: readonly PlanInput[];
  /** Compiled for these inputs. It reads its fields from `raw`. */
  readonly plan: FeaturePlan;
  readonly raw: UndecodedRecord;
  readonly idPaths: readonly string[];
  readonly nestingMax: number;
  /** How JSON is read where that is more than the standard says. */
  readonly json?: JsonOptions;
  /**
   * Whether the plan must also see records whose inputs were all walked, because it may skip them.
   */
  readonly selects?: boolean;
}

export function readerFor(
  format: Format,
  { inputs, plan, raw, idPaths, nestingMax, json = PLAIN_JSON, selects = false }: ReaderParts,
): InputReader {
  const entries = () => entriesOf[format](nestingMax);
  const locator = new Locator(entries(), idPaths.map(parsePath));
  const codec = format === 'json' && json.notFinite ? looseJson : codecs[format];
  const general = generalReader(codec, plan, idPaths, nestingMax, locator);
  const rest = raw.direct.length === inputs.length && !selects ? null : plan;
  const reader = new COMPILED[format]({ general, rest, raw, entries: entries(), nestingMax });
  return format === 'json' && json.isFramed ? new FramedJsonReader(reader, json.schemas) : reader;
}
