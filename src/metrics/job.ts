// What is known of a job at the moment of a scrape.

import type { EngineState } from '../engine/state.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { ModelVersions } from '../versions/model-versions.ts';

export interface MeteredJob {
  readonly name: string;
  readonly isReady: boolean;
  /** Null until the job has begun. */
  readonly running: {
    readonly engine: EngineState;
    readonly meter: Meter;
    /** `creditcard 1`, and the backend that scores it. */
    readonly model: string;
    readonly backend: string;
    readonly versions: ModelVersions;
    /** Null while it is not known. */
    readonly lag: number | null;
  } | null;
}

export type RunningNow = NonNullable<MeteredJob['running']>;
