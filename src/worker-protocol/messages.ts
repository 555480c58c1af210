// What goes between the pool and its worker threads. Plain data only; the buffers named in each
// message are moved.

import type { Condition } from '../answers/condition.ts';
import type { Dialect } from '../answers/dead-letter.ts';
import { ScorelaneError } from '../base/errors.ts';
import type { Guard } from '../base/uninterrupted.ts';
import type { InputFormat } from '../codec/codecs.ts';
import type { Rejection } from '../features/rejection.ts';
import type { CompressionType } from '../log/compression.ts';
import type { OffsetRange } from '../log/offset.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import type { Backend } from '../model/predictor.ts';
import type { ReadingSetup } from '../reading/reading-setup.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { MicroBatch } from '../scoring/micro-batch.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { TracingSetup } from '../scoring/traced.ts';
import type { PredictedResponse, PredictRequest } from './predict.ts';
import type { DriftSetup, ThreadUsage, TrialsTold } from './thread-usage.ts';

/** How much a thread may grow after its models were loaded, before another takes its place. */
export interface GrowthLimits {
  readonly bytesMax: number;
  readonly tensorsMax: number;
}

/** The state that was asked for is not on this thread, or stands at another offset. */
export class StateLostError extends ScorelaneError {
  readonly code = 'SCORELANE_STATE_LOST';
}

/** The thread does not have the model that it was asked for: it has begun again. */
export class NotLoadedError extends ScorelaneError {
  readonly code = 'SCORELANE_NOT_LOADED';
}

/** Where a snapshot may stand. */
export interface SnapshotRange {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * How many partitions the topics of a job have. The numbers may change while the job runs, so they
 * go with each task.
 */
export interface PartitionCounts {
  readonly input: number;
  readonly results: number;
  readonly deadLetters: number;
  /** By topic, those of routes. */
  readonly routes?: Readonly<Record<string, number>>;
}

/** A topic for those results that meet a condition, besides that of all. */
export interface Route {
  readonly topic: string;
  readonly when: Condition;
}

/** How a model is served: all that a thread must know to score with it. */
export interface ScorerSetup extends ReadingSetup, DriftSetup {
  /** Whose windows these are: jobs that share a thread share no states. Empty for a job alone. */
  readonly job: string;
  readonly modelFolder: string;
  readonly backend: Backend;
  readonly resultFormat: InputFormat;
  /** What stands before each result of Avro. */
  readonly resultFrame: Uint8Array;
  /** Paths of the input's fields that are copied into the result. */
  readonly idPaths: readonly string[];
  /** The topics of results, of dead letters, and of what a shadow says. */
  readonly results: string;
  readonly deadLetters: string;
  readonly shadows?: string;
  readonly routes: readonly Route[];
  /** Headers of dead letters besides ours. */
  readonly deadLetterDialects: readonly Dialect[];
  readonly compression: CompressionType;
  /** Rows given to one predict call. */
  readonly predictRecordsMax: number;
  /** A result batch is closed at this size, before compression. */
  readonly resultBatchBytesMax: number;
  /** A record batch that inflates to more is refused. */
  readonly inflatedBytesMax: number;
  /** A record with more bytes of key, value and headers, or more headers, becomes a dead letter. */
  readonly recordBytesMax: number;
  readonly headersMax: number;
  /** Whether results carry the row of features that was scored. */
  readonly features: boolean;
  /** The one field of results that is read: reasons for which it is not needed are left out. */
  readonly onlyField?: string;
  /** Headers of each result besides those that name its source. */
  readonly resultHeaders?: Readonly<Record<string, string>>;
  /** Null: results do not continue the traces of their records, and nothing is told of them. */
  readonly tracing: TracingSetup | null;
}

/** A version of a model as it is served, under the name by which threads know it. */
export interface Deployment {
  readonly id: string;
  readonly setup: ScorerSetup;
  /** The identity of its plan, if that has windows: versions with the same one share states. */
  readonly plan?: string;
}

/**
 * What a worker thread is given when it begins. The models that it serves are loaded by requests.
 */
export interface WorkerData {
  readonly growth: GrowthLimits;
  /**
   * One number in shared memory: how many milliseconds the thread has waited for the registry.
   * Deadlines do not count this time. Before it waits, the thread adds the longest time that the
   * wait may take. After the wait it takes off the rest. So a thread that dies while it waits holds
   * up nothing.
   */
  readonly waitedMs: Int32Array<SharedArrayBuffer>;
  /** Says when the thread may be ended. */
  readonly guard: Guard;
}

/**
 * The exit code of a thread that has grown too much and was given another task. It has not begun
 * that task.
 */
export const RETIRED_EXIT = 86;

/** Load a model, check it by its golden records, and keep it until it is unloaded. */
export interface LoadRequest {
  readonly type: 'load';
  readonly setup: ScorerSetup;
  /** How long the thread may score golden records to make ready for those that come. */
  readonly warmUpMs: number;
}

/**
 * Give up a model with its states and everything else that it holds. It is no error if the model is
 * not there.
 */
export interface UnloadRequest {
  readonly type: 'unload';
}

/** Predict the golden records: does the model work at all? */
export interface ProbeRequest {
  readonly type: 'probe';
}

/** Records of one lane that a task scores: those from `first` up to `until`. */
export interface ScorePart {
  readonly topic: string;
  readonly partition: number;
  /** As the partition was assigned with. */
  readonly incarnation?: string | undefined;
  readonly first: number;
  readonly until: number;
  /** Records that are left out, in ascending order. */
  readonly omit: readonly OffsetRange[];
  /** So many bytes of the request are its record batches, one after the other. */
  readonly byteLength: number;
  /**
   * Set when these records have ended a worker before: they become dead letters and are not scored.
   */
  readonly verdict: Rejection | null;
  /**
   * The lane's state to score with; null for a model that keeps none. A part with a state comes
   * alone.
   */
  readonly state: StateUse | null;
  /**
   * Set for records of requests: the state of that ownership of the lane is read as if each of them
   * came next, and stays as it is. Such parts come together.
   */
  readonly peeksAt?: number | undefined;
}

/**
 * Score the parts as one task: one predict call takes the rows of all. Each part has an outcome of
 * its own, and shares no result batch with another. If anything fails, nothing of any part was
 * scored. Of the trials, the thread leaves out what it does not have.
 */
export interface ScoreRequest extends Pick<MicroBatch, 'trials' | 'beside'> {
  readonly type: 'score';
  readonly parts: readonly ScorePart[];
  /** The record batches of the parts, in the order of the parts. Moved, and moved back. */
  readonly bytes: ArrayBuffer;
  /** Buffers for the outputs. Moved; they come back as outputs. */
  readonly spares: readonly ArrayBuffer[];
  readonly counts: PartitionCounts;
}

export interface StateUse {
  readonly epoch: number;
  /**
   * The offset at which the state must stand. There may be a gap between it and `first`, but no
   * record in the gap.
   */
  readonly offset: number;
  /** Records below this offset have their answer already: they are put into the state only. */
  readonly scoreFrom: number;
  /** Records with a verdict are put into the state too. They may end the worker again. */
  readonly takes: boolean;
}

/** An output of a micro-batch, and what its topic refuses of it. */
export interface RefusedOutput {
  readonly batch: ResultBatch;
  readonly isDeadLetter: boolean;
  readonly refused: Omit<Refusal, 'batch'> | null;
}

/** Make dead letters of the input records whose results were refused. */
export interface MendRequest {
  readonly type: 'mend';
  readonly topic: string;
  readonly partition: number;
  readonly incarnation?: string | undefined;
  /** The record batches of the input, one after the other. */
  readonly bytes: Uint8Array;
  readonly outputs: readonly RefusedOutput[];
  readonly counts: PartitionCounts;
}

export interface Mended {
  /** In order. A number is the index of an output that stays as it was. */
  readonly results: readonly (ResultBatch | number)[];
  readonly deadLetters: readonly (ResultBatch | number)[];
  /** Results that became dead letters, why the first of them did, and the offset of the last. */
  readonly refused: number;
  readonly refusal: string | null;
  readonly refusedOffset: number | null;
}

/** Which offsets from `first` up to `until` have a record? The buffer is moved. */
export interface OffsetsRequest extends Pick<ScorePart, 'first' | 'until' | 'byteLength'> {
  readonly type: 'offsets';
  readonly bytes: ArrayBuffer;
}

/** Begin the state of a lane: from a file, or empty at an offset. */
export interface RestoreRequest {
  readonly type: 'restore';
  readonly lane: LaneAddress;
  readonly from: ({ readonly file: string } & SnapshotRange) | { readonly offset: number };
}

/** Write the state of a lane to a file. */
interface SnapshotRequest {
  readonly type: 'snapshot';
  readonly lane: LaneAddress;
  readonly file: string;
}

/** What is the time of the latest record in the state of a lane? */
interface LatestRequest {
  readonly type: 'latest';
  readonly lane: LaneAddress;
}

/** The lane is another's now. */
interface ForgetRequest {
  readonly type: 'forget';
  readonly lane: LaneAddress;
}

export type StateRequest = RestoreRequest | SnapshotRequest | LatestRequest | ForgetRequest;

/** What is asked of a model that is loaded. */
export type ModelRequest =
  | ProbeRequest
  | ScoreRequest
  | PredictRequest
  | OffsetsRequest
  | MendRequest
  | StateRequest;

/** Whether lanes, or requests, share the task: none of them may wait long for another. */
export const isShared = (request: ModelRequest | WorkerRequest): boolean =>
  request.type === 'predict' || (request.type === 'score' && request.parts.length > 1);

/** With the model that is meant, by the name under which it was loaded. */
export type WorkerRequest = { readonly deployment: string } & (LoadRequest | UnloadRequest | ModelRequest);

export type WorkerResponse =
  /** The buffers of its outputs are moved, and that of the request goes back to be used again. */
  | {
      readonly type: 'scored';
      /** One for each part, in the order of the parts. */
      readonly outcomes: readonly Outcome[];
      readonly bytes: ArrayBuffer;
      readonly usage: ThreadUsage | null;
      readonly trials?: TrialsTold;
      /** Set once, when the thread has grown too much: it ends instead of taking another task. */
      readonly retiring: string | null;
    }
  | PredictedResponse
  | { readonly type: 'mended'; readonly mended: Mended }
  | { readonly type: 'offsets'; readonly offsets: Float64Array }
  | { readonly type: 'loaded' }
  | { readonly type: 'unloaded' }
  | { readonly type: 'sound' }
  /** Where the state stands now; the length of the file. */
  | { readonly type: 'restored'; readonly offset: number }
  | { readonly type: 'snapshot'; readonly offset: number; readonly bytes: number }
  /** -Infinity where it has taken nothing. */
  | { readonly type: 'latest'; readonly latestMs: number }
  | { readonly type: 'forgotten' }
  | Failed;

/** Nothing of the request was done. */
export interface Failed {
  readonly type: 'failed';
  readonly code: string;
  readonly message: string;
  /** The place of the fault, and the causes. An error loses both on its way between threads. */
  readonly stack: string;
}
