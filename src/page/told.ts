// What the page is told once a second, as JSON. Both sides are checked against these types.

import type { TrialKind } from '../scoring/trial.ts';
import type { ColumnDrift } from '../telemetry/drift-meter.ts';
import type { Percentiles, Stage } from '../telemetry/stages.ts';
import type { ModelVersions, VersionStatus } from '../versions/model-versions.ts';

/**
 * What a lane does, as one word: `trouble` and `stalled` need somebody, `held` is one that somebody
 * paused with its job, `behind` has more to answer than it answers in a while. The others are
 * phases.
 */
export type LaneStatus =
  | 'running'
  | 'settling'
  | 'halted'
  | 'restoring'
  | 'behind'
  | 'held'
  | 'stalled'
  | 'trouble';

export interface ShownLane {
  readonly topic: string;
  readonly partition: number;
  readonly status: LaneStatus;
  /** Records that are not committed yet, and those of them that have no answer yet. */
  readonly lag: number;
  readonly unanswered: number;
  /** Records that it answers a second, by their offsets; null in the first snapshot. */
  readonly rate: number | null;
  /** Whether it is not fetched now: it holds enough, or its job is held. */
  readonly isPaused: boolean;
  /** Records and bytes that wait, and what it holds of its share: 0 to 1. */
  readonly waiting: number;
  readonly waitingBytes: number;
  readonly fill: number;
  /** Micro-batches that are scored or produced. */
  readonly inFlight: number;
  readonly epoch: number;
  readonly committed: number;
  readonly position: number;
  readonly end: number;
  readonly trouble: { readonly code: string; readonly message: string; readonly attempts: number } | null;
}

/** In milliseconds; null for a stage in which nothing was in the last interval. */
export type StageTimes = Readonly<Record<Stage, Pick<Percentiles, 'p50' | 'p99' | 'p999'> | null>>;

/** A second, of each. Null in the first snapshot, which has nothing to compare with. */
export interface Rates {
  /** Records that were fetched, by their offsets. */
  readonly fetched: number;
  readonly scored: number;
  readonly results: number;
  readonly deadLetters: number;
}

export interface LettersOfCode {
  readonly code: string;
  readonly count: number;
  readonly perSecond: number | null;
  readonly meaning: string;
  /** Where the last one came from. */
  readonly last: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly ageMs: number;
  } | null;
}

/**
 * The versions of a job's model. Not why one was refused: that may quote a golden record, and is
 * told to whoever has the token of administration.
 */
export interface ShownVersions {
  /** What `model.version` says. */
  readonly policy: string;
  readonly serving: string;
  /** The one that shall serve, and what says so or what is missing. */
  readonly wanted: string | null;
  readonly why: string;
  readonly labels: ModelVersions['labels'];
  readonly versions: readonly Pick<VersionStatus, 'version' | 'state' | 'trial' | 'quality'>[];
  /** How many there are besides, which are not loaded. */
  readonly others: number;
}

/** Of the version that serves, over `drift.window`. */
export interface ShownDrift {
  /** Sampled records. */
  readonly records: number;
  /** Those that differ most, the largest first; `ks` is null where all values are missing. */
  readonly columns: readonly (Omit<ColumnDrift, 'ks'> & { readonly ks: number | null })[];
  /** How many columns there are besides. */
  readonly others: number;
}

/** What was seen of a version that is tried, since its trial began. */
export interface ShownTrial {
  readonly kind: TrialKind;
  readonly version: string;
  readonly records: number;
  readonly failures: number;
  /** PSI of its scores against those of the version that serves; null without scores. */
  readonly shift: number | null;
  /** Of a shadow: the share of decisions that are not the same; null where there are none. */
  readonly otherwise: number | null;
}

export interface JobSnapshot {
  readonly name: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly running: {
    readonly model: string;
    readonly backend: string;
    readonly versions: ShownVersions;
    /** Null where the version that serves brings no distributions, or nothing is counted yet. */
    readonly drift: ShownDrift | null;
    readonly trials: readonly ShownTrial[];
    readonly topics: { readonly input: string; readonly results: string; readonly deadLetters: string };
    readonly lag: number | null;
    readonly waiting: number;
    readonly inFlight: number;
    /** Of the bytes that it may hold, 0 to 1. */
    readonly fill: number;
    readonly rates: Rates | null;
    readonly scored: number;
    readonly deadLetters: readonly LettersOfCode[];
    readonly lanes: readonly ShownLane[];
    readonly laneCount: number;
    readonly times: StageTimes;
  } | null;
}

export interface PageSnapshot {
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly isReady: boolean;
  readonly threads: {
    readonly count: number;
    /** How many of them worked, on average: 0 to `count`. */
    readonly busy: number | null;
    readonly tensors: number;
  };
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number };
  readonly jobs: readonly JobSnapshot[];
}
