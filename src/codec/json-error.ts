// What the JSON walker throws: its caller then asks JSON.parse.

import { ScorelaneError } from '../base/errors.ts';

/** Bytes that are not JSON, or not plain enough for the walker. */
export class JsonError extends ScorelaneError {
  readonly code = 'SCORELANE_JSON';
}
