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

export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly backend: string;
  readonly inputs: readonly ServedInput[];
  readonly outputs: readonly ServedOutput[];
  /** Whether a record's features need what was before it, and there is no log that would tell. */
  readonly lacksLog: boolean;
  readonly requests: JobRequests;
  /** The value of a record of the input from a span of JSON text; null where JSON cannot be one. */
  readonly fromJson: ((text: Uint8Array) => Uint8Array) | null;
  /** A result as JSON. */
  toJson(result: Uint8Array): string | Promise<string>;
}
