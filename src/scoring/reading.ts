// How a worker reads the records of a model: the reader for their format, and the states behind it where the model has windows.

import { createHash } from 'node:crypto';
import type { AvroReader } from '../codec/avro.ts';
import type { Format } from '../codec/codecs.ts';
import { compilePlan, type FeaturePlan, type Fields } from '../features/plan.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { keepsState, type ModelManifest, statelessInputs } from '../model/manifest.ts';
import { AvroRecord, CompiledAvroReader } from './avro-input-reader.ts';
import { readerFor } from './compile-reader.ts';
import { ownsIn } from './copartition.ts';
import type { InputReader } from './input-reader.ts';
import { LaneStates } from './lane-states.ts';
import type { ScorerSetup } from './messages.ts';
import { RawRecord } from './raw-record.ts';

export interface Reading {
  readonly reader: InputReader;
  /** Null for a model without windows. */
  readonly states: LaneStates | null;
  /** What learns writers' schemas; null where there are none. */
  readonly avro: AvroReader | null;
}

/** Throws `SchemaError` for a reader's schema that is none. */
export function readingOf(manifest: ModelManifest, setup: ScorerSetup): Reading {
  const { inputs } = manifest;
  const { idPaths, nestingMax, inputFormat, json, avro: options } = setup;
  let states: LaneStates | null = null;
  const planWith = (fields: Fields): FeaturePlan => {
    if (!keepsState(manifest)) return compilePlan(statelessInputs(manifest), fields);
    states = statesOf(manifest, setup, fields);
    return states;
  };
  if (options === null) {
    const raw = new RawRecord(inputs, idPaths);
    const plan = planWith(raw);
    const reader = readerFor(inputFormat as Format, { inputs, plan, raw, idPaths, nestingMax, json });
    return { reader, states, avro: null };
  }
  const record = new AvroRecord(inputs);
  const plan = planWith(record);
  const reader = new CompiledAvroReader({ options, inputs, plan, record, idPaths, nestingMax });
  return { reader, states, avro: reader.codec };
}

function statesOf(manifest: ModelManifest, setup: ScorerSetup, fields: Fields): LaneStates {
  const { name, version, inputs, state } = manifest;
  const { inputFormat, json, avro, recordBytesMax, headersMax, nestingMax, inputPartitionCount } = setup;
  // A record that is refused is in no state.
  const schema = avro?.schema;
  const refusing = { inputFormat, json, schema, recordBytesMax, headersMax, nestingMax, inputPartitionCount };
  const all = JSON.stringify({ name, version, inputs, state, refusing });
  return new LaneStates(
    ({ partition }) => new StatefulPlan(inputs, state, ownsIn(partition, inputPartitionCount), fields),
    createHash('sha256').update(all).digest('hex'),
  );
}
