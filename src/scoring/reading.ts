// How a worker reads the records of a model: the reader for their format, and the states behind it where the model has windows.

import { createHash } from 'node:crypto';
import type { AvroReader } from '../codec/avro.ts';
import type { Format } from '../codec/codecs.ts';
import { onlyPlan } from '../features/only.ts';
import { compilePlan, type FeaturePlan, type Fields } from '../features/plan.ts';
import type { PlanInput } from '../features/spec.ts';
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
  let states: LaneStates | null = null;
  const read = readerWith(setup, manifest.inputs, (fields) => {
    if (!keepsState(manifest)) return compilePlan(statelessInputs(manifest), fields);
    states = statesOf(manifest, setup, fields);
    return states;
  });
  return { ...read, states };
}

/** The reader for these inputs, whose plan is made for the fields of its records. Throws `SchemaError`. */
export function readerWith(
  setup: Pick<ScorerSetup, 'idPaths' | 'nestingMax' | 'inputFormat' | 'json' | 'avro' | 'only'>,
  inputs: readonly PlanInput[],
  planWith: (fields: Fields) => FeaturePlan,
): Omit<Reading, 'states'> {
  const { idPaths, nestingMax, inputFormat, json, avro: options, only } = setup;
  const selects = Object.keys(only).length > 0;
  const selecting = (fields: Fields): FeaturePlan => onlyPlan(planWith(fields), only, fields);
  if (options === null) {
    const raw = new RawRecord(inputs, idPaths);
    const parts = { inputs, plan: selecting(raw), raw, idPaths, nestingMax, json, selects };
    return { reader: readerFor(inputFormat as Format, parts), avro: null };
  }
  const record = new AvroRecord(inputs);
  const plan = selecting(record);
  const reader = new CompiledAvroReader({ options, inputs, plan, record, idPaths, nestingMax, selects });
  return { reader, avro: reader.codec };
}

function statesOf(manifest: ModelManifest, setup: ScorerSetup, fields: Fields): LaneStates {
  const { name, version, inputs, state } = manifest;
  const { inputFormat, json, avro, only, recordBytesMax, headersMax, nestingMax } = setup;
  // A record that is refused, or skipped, is in no state.
  const schema = avro?.schema;
  const refusing = {
    inputFormat,
    json,
    schema,
    only,
    recordBytesMax,
    headersMax,
    nestingMax,
  };
  const all = JSON.stringify({ name, version, inputs, state, refusing });
  return new LaneStates(
    ({ partition, placedBy = [] }) => new StatefulPlan(inputs, state, ownsIn(partition, placedBy), fields),
    createHash('sha256').update(all).digest('hex'),
  );
}
