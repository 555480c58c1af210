// Why a request got no scores, though nothing was wrong with it.

/** Its time was over before it was scored. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** The job does not score now: it has not begun, or ends, or has no threads. */
export class NotServingError extends Error {
  override readonly name = 'NotServingError';
}
