// Makes the reader for the format of a job's records, and the feature plan that it fills.

import type { AvroReader } from '../codec/avro.ts';
import type { Format } from '../codec/codecs.ts';
import type { FeaturePlan, Fields } from '../features/feature-plan.ts';
import { onlyPlan } from '../features/only.ts';
import type { PlanInput } from '../features/spec.ts';
import { AvroRecord, WalkingAvroReader } from './avro-reader.ts';
import { readerFor } from './choose-reader.ts';
import type { InputReader } from './input-reader.ts';
import type { ReadingSetup } from './reading-setup.ts';
import { UndecodedRecord } from './undecoded-record.ts';

export interface PlanReader {
  readonly reader: InputReader;
  /** Learns writers' schemas. Null if the format has none. */
  readonly avro: AvroReader | null;
}

/**
 * The reader for these inputs. Their plan is made for the fields of its records. Throws
 * `SchemaError`.
 */
export function readerWith(
  setup: Omit<ReadingSetup, 'tombstones'> & { readonly idPaths: readonly string[] },
  inputs: readonly PlanInput[],
  planWith: (fields: Fields) => FeaturePlan,
): PlanReader {
  const { idPaths, nestingMax, inputFormat, json, avro: options, only } = setup;
  const selects = Object.keys(only).length > 0;
  const selecting = (fields: Fields): FeaturePlan => onlyPlan(planWith(fields), only, fields);
  if (options === null) {
    const raw = new UndecodedRecord(inputs, idPaths);
    const parts = { inputs, plan: selecting(raw), raw, idPaths, nestingMax, json, selects };
    return { reader: readerFor(inputFormat as Format, parts), avro: null };
  }
  const record = new AvroRecord(inputs);
  const plan = selecting(record);
  const reader = new WalkingAvroReader({ options, inputs, plan, record, idPaths, nestingMax, selects });
  return { reader, avro: reader.codec };
}
