// What stands in the place of kafkajs's messages: a whole record batch.

/**
 * What the broker has said of a batch in a shared request. `unknown`: nothing; it may have been
 * taken.
 */
export type SharedOutcome = 'acknowledged' | 'unknown' | Error;

/** What the producer takes as a message: one encoded record batch. */
export interface OutgoingBatch {
  readonly value: Uint8Array;
  readonly partition: number;
  /** The sequence number of its first record, for the idempotent producer. */
  readonly baseSequence: number;
  /** Called each time when the batch is put into a request: kafkajs tries again by itself. */
  readonly onWrite: () => void;
  /**
   * It may share a request with others, which is sent once. Called with what the broker said of it;
   * a second call means nothing.
   */
  readonly answered?: (outcome: SharedOutcome) => void;
}
