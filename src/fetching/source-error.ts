// What went wrong between us and the server that models are fetched from.

import { ScorelaneError } from '../base/errors.ts';

/**
 * The server does not give what was asked for: no answer, or a refusal. It says nothing about any
 * model, and another time it may give it.
 */
export class ModelSourceError extends ScorelaneError {
  readonly code = 'SCORELANE_MODEL_SOURCE';
  /** Whether it is worth asking again at once: nobody has to mend anything first. */
  readonly isTransient: boolean;

  constructor(message: string, { isTransient, cause }: { isTransient: boolean; cause?: unknown }) {
    super(message, { cause });
    this.isTransient = isTransient;
  }
}
