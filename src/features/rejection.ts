// Why a record cannot be scored. This is no exception: bad records are ordinary, and there may be
// many.

/** Where in the pipeline a record was refused. */
export type RejectionStage = 'decode' | 'features' | 'predict' | 'worker' | 'produce';

/** The codes that dead letters may have, each with the stage at which the record was refused. */
export const REJECTIONS = {
  NO_VALUE: ['decode', 'the record has no value'],
  NO_SCHEMA: [
    'decode',
    "the registry does not know the schema of this record, or it cannot be read as the reader's " +
      'schema says; JSON of a schema that is not among `input.schemas`',
  ],
  RECORD_TOO_LARGE: ['decode', 'more bytes of key, value and headers than `limits.recordBytes`'],
  TOO_MANY_HEADERS: ['decode', 'more headers than `limits.headers`'],
  NESTED_TOO_DEEP: ['decode', 'lists and maps nested deeper than `limits.nesting`'],
  UNDECODABLE: ['decode', 'the bytes are not exactly one value of the configured format'],
  NOT_A_MAP: ['features', 'the value is not a map of fields'],
  MISSING_FIELD: ['features', 'a field that the model needs is missing'],
  WRONG_SHAPE: [
    'features',
    'a field that should be a list of numbers is something else, or has another length',
  ],
  NOT_A_NUMBER: ['features', 'a field is text, a list, a map or null'],
  NOT_A_KEY: ['features', 'the field with the key of a window is a list, a map, null, NaN or infinite'],
  NO_KEY: ['features', 'the record has no key, and a window needs it'],
  NOT_COPARTITIONED: [
    'features',
    'windows are kept by a field that does not determine the partition (docs/models.md)',
  ],
  NOT_A_TIME: [
    'features',
    'the time of the record, or a field that is one, is further from 1970 than any date can be (100 ' +
      'million days): often another unit than the model says',
  ],
  TIME_ASTRAY: [
    'features',
    'the time of the record is further from its timestamp than `windows.drift` of the model allows',
  ],
  TIME_AHEAD: [
    'features',
    "the time of the record is further ahead of the daemon's clock than `windows.ahead` of the model " +
      'allows (docs/models.md); counted in the summary',
  ],
  NOT_A_CATEGORY: ['features', 'a field that is a category or text is a list, a map or null'],
  NOT_AN_INTEGER: ['features', 'a field for a tensor of int32 is no whole number of 32 bits'],
  NOT_A_FLAG: ['features', 'a field for a tensor of bool is no flag'],
  NOT_FINITE: ['features', 'a field is NaN or infinite'],
  OUT_OF_RANGE: ['features', 'a field has no finite float32 value after scaling'],
  PREDICT_FAILED: ['predict', 'the model threw for this record alone, and works on its golden records'],
  SCORE_NOT_FINITE: ['predict', 'the model gave NaN or infinity'],
  READER_FAILED: [
    'worker',
    'reading this record failed in an unexpected way: a fault of scorelane, please report it',
  ],
  RESULT_FAILED: [
    'worker',
    'writing the result of this record failed in an unexpected way: a fault of ' +
      'scorelane, please report it',
  ],
  RESULT_REFUSED: [
    'produce',
    "the result topic refuses the result of this record; the message is the broker's",
  ],
  WORKER_LOST: [
    'worker',
    'scoring this record ended its worker thread, or failed in an unexpected way, every time',
  ],
} as const satisfies Readonly<Record<string, readonly [stage: RejectionStage, meaning: string]>>;

export type Code = keyof typeof REJECTIONS;
export const CODES = Object.keys(REJECTIONS) as Code[];

export interface Rejection {
  readonly stage: RejectionStage;
  /** A skipped record becomes no dead letter. */
  readonly code: Code | 'SKIPPED';
  /** What was found, where, and what was expected. */
  readonly message: string;
}
