// How a worker reads the records of a model: the reader for their format, and the states behind it where the model has windows.

import { createHash } from 'node:crypto';
import { compilePlan, type Fields } from '../features/plan.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { keepsState, type ModelManifest, statelessInputs } from '../model/manifest.ts';
import { type PlanReader, readerWith } from '../reading/plan-reader.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { ownsIn } from './states/copartition.ts';
import { LaneStates } from './states/lane-states.ts';

export interface ModelReader extends PlanReader {
  /** Null for a model without windows. */
  readonly states: LaneStates | null;
}

/** Throws `SchemaError` for a reader's schema that is none. */
export function modelReader(manifest: ModelManifest, setup: ScorerSetup): ModelReader {
  let states: LaneStates | null = null;
  const read = readerWith(setup, manifest.inputs, (fields) => {
    if (!keepsState(manifest)) return compilePlan(statelessInputs(manifest), fields);
    states = statesOf(manifest, setup, fields);
    return states;
  });
  return { ...read, states };
}

function statesOf(manifest: ModelManifest, setup: ScorerSetup, fields: Fields): LaneStates {
  const { name, version, inputs, windows: state } = manifest;
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
