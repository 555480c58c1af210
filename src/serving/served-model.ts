// A model as requests see it: what it takes and gives, and who scores for it.

import type { OutputType } from '../model/manifest.ts';
import type { TensorSpec } from '../model/tensor-spec.ts';
import type { JobRequests } from './job-requests.ts';

/** An input: it always has a name. */
export interface ServedInput extends TensorSpec {
  readonly name: string;
}

/** An output of the shape [rows, width]. */
export interface ServedOutput {
  readonly name: string;
  readonly type: OutputType;
  readonly width: number;
}

/** Plain data. */
export interface ModelShape {
  readonly name: string;
  readonly version: string;
  readonly backend: string;
  readonly inputs: readonly ServedInput[];
  readonly outputs: readonly ServedOutput[];
  /** Whether a record's features need what was before it, and there is no log that would tell. */
  readonly lacksLog: boolean;
  /** How the values of records of the input are written. */
  readonly inputFormat: 'json' | 'msgpack' | 'avro';
}

export interface ServedModel {
  readonly shape: ModelShape;
  readonly requests: JobRequests;
  /** A result as JSON text. Null where results are that. */
  readonly toJson: ((result: Uint8Array) => Promise<Uint8Array>) | null;
}
