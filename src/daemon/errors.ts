// Errors of commands and of the daemon's start.

import { ScorelaneError } from '../base/errors.ts';

/** A part that the command needs is not there: the broker, a topic. */
export class UnavailableError extends ScorelaneError {
  readonly code = 'SCORELANE_UNAVAILABLE';
}

/** A file that was asked for could not be written: no space, no right, no folder. */
export class CannotWriteError extends ScorelaneError {
  readonly code = 'SCORELANE_CANNOT_WRITE';
}
