// What a pipeline is made of, and the buffers in which it works.

import type { Predictor } from '../model/predictor.ts';
import type { InputReader } from '../reading/input-reader.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import type { DriftCounter } from './drift-counter.ts';
import type { Answering } from './predict/tried-model.ts';
import type { PendingRow } from './row.ts';
import type { LaneStates } from './states/lane-states.ts';
import type { TraceSampler } from './trace/trace-sampler.ts';
import type { Outputs } from './write/outputs.ts';

export interface ScorerParts extends Answering {
  readonly setup: ScorerSetup;
  readonly reader: InputReader;
  /** Gives the columns of results. */
  readonly predictor: Predictor;
  /**
   * States of the lanes on this thread; null for a model that keeps none. The reader puts records
   * into the state that is in use.
   */
  readonly states: LaneStates | null;
  readonly model: { readonly name: string; readonly version: string };
  /** Null where the distributions of what is scored are not looked at. */
  readonly drift?: DriftCounter | null;
  /** Throws when the model does not work any more. */
  readonly probe: () => void;
}

/** Buffers that all tasks use, one after the other, so that nothing is allocated again. */
export interface Workspace {
  readonly features: Float32Array;
  readonly rows: PendingRow[];
  readonly results: Outputs;
  readonly deadLetters: Outputs;
  /** In the order of the setup's. */
  readonly routes: readonly Outputs[];
  /** What a shadow says; null where nobody keeps it. */
  readonly shadows: Outputs | null;
  /** Null where nothing is traced. */
  readonly sampler: TraceSampler | null;
}
