// Why a record cannot be scored. Not an exception: bad records are ordinary, and there may be many.

/** Where in the pipeline a record was refused. */
export type RejectionStage = 'decode' | 'features' | 'predict' | 'worker' | 'produce';

export interface Rejection {
  readonly stage: RejectionStage;
  /** One of the codes listed in docs/operating.md. */
  readonly code: string;
  /** What was found, where, and what was expected. */
  readonly message: string;
}
