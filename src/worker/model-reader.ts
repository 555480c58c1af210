// How a thread reads the records of its models: the reader for their format, and the states behind
// it if a plan has windows. Models with the same plan share both, so a new version goes on with the
// windows of the one before.

import { compilePlan } from '../features/plan.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { keepsState, type ModelManifest, statelessInputs } from '../model/manifest.ts';
import { planIdentity } from '../reading/plan-identity.ts';
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
  const { inputs, windows } = manifest;
  let states: LaneStates | null = null;
  const read = readerWith(setup, inputs, (fields) => {
    if (!keepsState(manifest)) return compilePlan(statelessInputs(manifest), fields);
    states = new LaneStates(
      ({ partition, placedBy = [] }) =>
        new StatefulPlan(inputs, windows, ownsIn(partition, placedBy), fields),
      planIdentity(manifest, setup),
    );
    return states;
  });
  return { ...read, states };
}

interface Shared {
  readonly reader: ModelReader;
  users: number;
}

export class SharedReaders {
  readonly #shared = new Map<string, Shared>();

  /** The reader of a model with the same plan and ids, or a new one. Throws `SchemaError`. */
  acquire(manifest: ModelManifest, setup: ScorerSetup): ModelReader {
    const key = keyOf(manifest, setup);
    const shared = this.#shared.get(key) ?? { reader: modelReader(manifest, setup), users: 0 };
    shared.users++;
    this.#shared.set(key, shared);
    return shared.reader;
  }

  /** When the last model lets go of a reader, the reader and all its states are gone. */
  release(manifest: ModelManifest, setup: ScorerSetup): void {
    const key = keyOf(manifest, setup);
    const shared = this.#shared.get(key);
    if (shared !== undefined && --shared.users === 0) this.#shared.delete(key);
  }

  /** Bytes of the states of all lanes. */
  get stateBytes(): number {
    return [...this.#shared.values()].reduce((sum, { reader }) => sum + (reader.states?.bytes ?? 0), 0);
  }
}

/**
 * A reader finds the ids of a result too, and asks one registry. Its windows are those of one job.
 */
const keyOf = (manifest: ModelManifest, setup: ScorerSetup): string =>
  JSON.stringify([setup.job, planIdentity(manifest, setup), setup.idPaths, setup.avro]);
