// Faults of scorelane or of the model, not of a record. If one record brings such an exception to
// light, that record becomes a dead letter, and all others go on as if it had not been there.

import { ScorelaneError } from '../base/errors.ts';
import { SchemaNeededError } from '../codec/avro.ts';
import type { Rejection } from '../features/rejection.ts';
import { StateBrokenError } from '../features/stateful-plan.ts';
import { StateLostError } from '../worker-protocol/messages.ts';

/** The model fails on its own golden records. */
export class ModelBrokenError extends ScorelaneError {
  readonly code = 'SCORELANE_MODEL_BROKEN';
}

/**
 * Errors that no single record is to blame for: a schema or a state that is not here, a state that
 * is broken.
 */
const WHOLE = [SchemaNeededError, StateLostError, StateBrokenError] as const;

/** Throws the error again where the record is not to blame. */
export function ourFault(code: 'READER_FAILED' | 'RESULT_FAILED', what: string, error: unknown): Rejection {
  if (WHOLE.some((type) => error instanceof type)) throw error;
  const message = `${what} this record fails: ${(error as Error).message}; this is a fault of scorelane`;
  return { stage: 'worker', code, message };
}
