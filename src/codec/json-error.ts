// The error that the JSON walker throws. Its caller then asks JSON.parse.

import { ScorelaneError } from '../base/errors.ts';

/** The bytes are not JSON, or not plain enough for the walker. */
export class JsonError extends ScorelaneError {
  readonly code = 'SCORELANE_JSON';
}
