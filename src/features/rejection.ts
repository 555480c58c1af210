// Why a record cannot be scored. Not an exception: bad records are ordinary, and there may be many.

/** Where in the pipeline a record was refused. */
export type RejectionStage = 'decode' | 'features' | 'predict' | 'worker' | 'produce';

/** What dead letters may say; docs/operating.md explains each. */
export const CODES = [
  'NO_VALUE',
  'NO_SCHEMA',
  'RECORD_TOO_LARGE',
  'TOO_MANY_HEADERS',
  'NESTED_TOO_DEEP',
  'UNDECODABLE',
  'NOT_A_MAP',
  'MISSING_FIELD',
  'WRONG_SHAPE',
  'NOT_A_NUMBER',
  'NOT_A_KEY',
  'NO_KEY',
  'NOT_COPARTITIONED',
  'NOT_A_TIME',
  'TIME_ASTRAY',
  'TIME_AHEAD',
  'NOT_A_CATEGORY',
  'NOT_FINITE',
  'OUT_OF_RANGE',
  'PREDICT_FAILED',
  'SCORE_NOT_FINITE',
  'READER_FAILED',
  'RESULT_FAILED',
  'RESULT_REFUSED',
  'WORKER_LOST',
] as const;
export type Code = (typeof CODES)[number];

export interface Rejection {
  readonly stage: RejectionStage;
  /** A skipped record becomes no dead letter. */
  readonly code: Code | 'SKIPPED';
  /** What was found, where, and what was expected. */
  readonly message: string;
}
