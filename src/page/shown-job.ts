// What the page asks of a job.

import type { EngineState } from '../engine/state.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { ModelVersions } from '../versions/model-versions.ts';

export interface ShownJob {
  readonly name: string;
  /** Why it is not ready; empty if it is. */
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  /** Null until it has begun. */
  readonly running: {
    readonly engine: EngineState;
    readonly meter: Meter;
    /** `creditcard 1`, and the backend that scores it. */
    readonly model: string;
    readonly backend: string;
    readonly versions: ModelVersions;
    /** Worker threads, which jobs may share. */
    readonly workers: number;
    readonly topics: { readonly input: string; readonly results: string; readonly deadLetters: string };
    /** Null while it is not known. */
    readonly lag: number | null;
  } | null;
}
