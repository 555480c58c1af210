// Why a request got no scores, though nothing was wrong with its records.

/** Its time was over before it was scored. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** The job does not score now: it has not begun, or ends, or has no threads. */
export class NotServingError extends Error {
  override readonly name: string = 'NotServingError';
}

/** Nobody waits for the answer any more. */
export class ClientGoneError extends NotServingError {
  override readonly name = 'ClientGoneError';
}

/** The windows of a record are not here yet. */
export class RestoringError extends NotServingError {
  override readonly name = 'RestoringError';
}

/** A record has no key, and nothing else says to which partition it belongs. */
export class KeyNeededError extends Error {
  override readonly name = 'KeyNeededError';
}

/** The lanes of its records are those of other instances. */
export class ElsewhereError extends Error {
  override readonly name = 'ElsewhereError';
  readonly topic: string;
  readonly partitions: readonly number[];
  constructor(topic: string, partitions: readonly number[]) {
    super(
      `${partitions.length === 1 ? 'partition' : 'partitions'} ${partitions.join(', ')} of ${topic}: another instance ` +
        'of the group has the windows of these keys: ask that one',
    );
    this.topic = topic;
    this.partitions = partitions;
  }
}

/** The worker thread ended with it each time. */
export class EndsThreadError extends Error {
  override readonly name = 'EndsThreadError';
}
