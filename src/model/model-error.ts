// The error of all that is wrong with a model.

import { ScorelaneError } from '../base/errors.ts';

/** A model cannot be served, and why. */
export class ModelError extends ScorelaneError {
  readonly code = 'SCORELANE_MODEL';
}
