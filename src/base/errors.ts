// All errors with a code of ours: the exit code of a command, where the cause is, and what the
// error means. The program reads this table to decide what follows from an error. The tables in
// docs/operating.md are made from it.

/** Exit codes. They follow sysexits.h where that has a code. */
export const EXIT = {
  ok: 0,
  missing: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  unavailable: 69,
  internal: 70,
  stalled: 71,
  cantCreate: 73,
  outOfRange: 74,
  unfinished: 75,
  noPermission: 77,
  config: 78,
  interrupted: 130,
  terminated: 143,
} as const;

export type Exit = keyof typeof EXIT;

export const EXIT_MEANINGS: Readonly<Record<Exit, string>> = {
  ok: 'ended in order',
  missing: '`audit` found committed records without a result or a dead letter',
  usage:
    'wrong words on the command line: a command or option that does not exist, a value that it cannot have, `--set` without =',
  data:
    'a file of records is not CSV or JSON lines, has values that are not numbers, or lacks columns; `features`: some rows have no ' +
    'features; `score`: some records are dead letters',
  noInput: 'a file that the command needs is not there, or cannot be read: the configuration, records',
  unavailable:
    'the broker is away (`--fail-fast`, `check`, `produce`), or the daemon (`models list`), or the server of models (`models fetch`), ' +
    'no backend can run the model, or `doctor --strict` misses a part',
  internal: 'a fault of scorelane itself, or the consumer gave up for good',
  stalled:
    'lanes with lag showed no sign of life, and joining the group again did not help; start the daemon again',
  cantCreate:
    'the summary or standard output could not be written (disk full, no right); everything that was scored is committed',
  outOfRange: 'the log no longer holds the committed offset (`lanes.onOutOfRange=fail`)',
  unfinished:
    'a stop reached its deadline with work in flight; it will be scored again. `produce`: records in flight were not acknowledged',
  noPermission:
    'the broker refuses the login, the certificate or a right; the message names who, what and on which resource. ' +
    '`models list --daemon`: the daemon refuses the token',
  config: 'wrong configuration, model or topic, or a group in use by other clients',
  interrupted:
    'SIGINT ended a command before it had finished; `run` ends in order instead, with 0. But npm and npx end with 130 ' +
    'themselves after Ctrl-C; `node src/main.ts` does not',
  terminated: 'the same with SIGTERM',
};

/**
 * What caused an error. `record`: one record; its neighbours are scored. `batch`: record batches,
 * states or the model as a whole; no single record is the cause, and to try half of them does not
 * help. `thread`: a worker thread; another thread is asked. `daemon`: things around the records:
 * configuration, model, broker, the program.
 */
export type Blames = 'record' | 'batch' | 'thread' | 'daemon';

interface ErrorEntry {
  /** The exit code of a command that ends with this error. */
  readonly exit: Exit;
  readonly blames: Blames;
  readonly meaning: string;
}

const entry = (exit: Exit, blames: Blames, meaning: string): ErrorEntry => ({ exit, blames, meaning });

export const ERRORS = {
  SCORELANE_CONFIG: entry(
    'config',
    'daemon',
    'the configuration: which key, what was found, what was expected',
  ),
  SCORELANE_HISTORY_GONE: entry(
    'config',
    'daemon',
    '`replay`: the topic was deleted and made again while its history was read; begin anew',
  ),
  SCORELANE_LABELS: entry(
    'data',
    'daemon',
    '`replay --labels-topic`: labels that cannot be read, have no id, or are too many',
  ),
  SCORELANE_REPLAY_STATE: entry(
    'noInput',
    'daemon',
    '`replay --resume`: the file is no state of a replay, or of another version of scorelane',
  ),
  SCORELANE_CONDITION: entry(
    'config',
    'daemon',
    'the condition of a route that cannot be read, or fits no result',
  ),
  SCORELANE_USAGE: entry('usage', 'daemon', 'words on the command line that mean nothing'),
  SCORELANE_NO_INPUT: entry(
    'noInput',
    'daemon',
    'a file that the command needs is not there, or cannot be read',
  ),
  SCORELANE_KAFKA_SETTINGS: entry('config', 'daemon', 'settings of `kafka` that contradict each other'),
  SCORELANE_MODEL: entry('config', 'daemon', 'a model that cannot be served, and why'),
  SCORELANE_MODEL_BROKEN: entry('internal', 'batch', 'the model fails on its own golden records'),
  SCORELANE_NO_VERDICT: entry(
    'unavailable',
    'daemon',
    'the trial of a version ended without a verdict, as memory ran out or no process could begin; it is tried again after a minute',
  ),
  SCORELANE_MODEL_SOURCE: entry(
    'unavailable',
    'daemon',
    'the server that models are fetched from does not give an archive or its index; it is asked again',
  ),
  SCORELANE_BACKEND_MISSING: entry(
    'unavailable',
    'daemon',
    'a backend that cannot be used here, and what would help',
  ),
  SCORELANE_PYTHON_MISSING: entry(
    'unavailable',
    'daemon',
    'a model that only TensorFlow in Python can read, and there is none; the message says what to do',
  ),
  SCORELANE_UNAVAILABLE: entry(
    'unavailable',
    'daemon',
    'something that the command needs is not there: the broker, a topic, the registry, a daemon',
  ),
  SCORELANE_REFUSED: entry(
    'noPermission',
    'daemon',
    'a login, a certificate or a right that the broker refuses, or a token that a daemon does',
  ),
  SCORELANE_TOKEN_REFUSED: entry(
    'noPermission',
    'daemon',
    'the token endpoint refuses the client, or gives no token; the message names the keys',
  ),
  SCORELANE_GROUP_IN_USE: entry(
    'config',
    'daemon',
    'the group is in use by clients that share partitions in another way',
  ),
  SCORELANE_INSTANCE_FENCED: entry(
    'config',
    'daemon',
    'another process has joined under the same `kafka.group.instance.id`, or the broker is too old for one',
  ),
  SCORELANE_MISSING_TOPIC: entry('config', 'daemon', 'a topic that is not there'),
  SCORELANE_SINK: entry(
    'internal',
    'daemon',
    'records were not acknowledged; they are sent again where that helps',
  ),
  SCORELANE_UNFINISHED: entry('unfinished', 'daemon', '`produce`: records in flight were not acknowledged'),
  SCORELANE_RECORDS_REFUSED: entry(
    'internal',
    'record',
    'records that their topic will never take; refused results become dead letters',
  ),
  SCORELANE_DEAD_LETTER_REFUSED: entry(
    'internal',
    'batch',
    'a dead letter, or a result for a route, that its topic will never take: the lane stops',
  ),
  SCORELANE_PARTITION_GONE: entry(
    'internal',
    'daemon',
    'an output topic has no such partition any more, or is gone',
  ),
  SCORELANE_FENCED: entry(
    'internal',
    'daemon',
    'the generation of a commit has ended; the records after the last commit are scored again',
  ),
  SCORELANE_OFFSET_OUT_OF_RANGE: entry(
    'outOfRange',
    'daemon',
    'the log does not hold the committed offset any more',
  ),
  SCORELANE_TOPIC_REMADE: entry(
    'internal',
    'daemon',
    'the input was deleted and made again; it is scored from its start',
  ),
  SCORELANE_CONSUMER_CRASHED: entry('internal', 'daemon', 'kafkajs has given up for good'),
  SCORELANE_STALLED: entry('stalled', 'daemon', 'lanes with lag show no sign of life'),
  SCORELANE_DEAD_LETTER_FLOOD: entry(
    'internal',
    'batch',
    'more dead letters than `deadLetters.floodShare` allows: the lane waits',
  ),
  SCORELANE_SEAM: entry('internal', 'daemon', 'kafkajs is not the version that scorelane was made for'),
  SCORELANE_DAMAGED_BATCH: entry(
    'internal',
    'batch',
    'a record batch whose bytes were changed after it was written; it is read again',
  ),
  SCORELANE_UNSUPPORTED_FORMAT: entry('internal', 'batch', 'bytes that are not a RecordBatch v2'),
  SCORELANE_INFLATION_BOUND: entry(
    'internal',
    'batch',
    'a record batch that would inflate to more than `limits.inflatedBytes`',
  ),
  SCORELANE_COMPRESSION: entry('internal', 'batch', 'compressed bytes that do not inflate'),
  SCORELANE_TRUNCATED: entry('internal', 'batch', 'bytes that end in the middle of a record'),
  SCORELANE_VARINT_TOO_LONG: entry(
    'internal',
    'batch',
    'a number in a record with more bytes than its type can have',
  ),
  SCORELANE_MSGPACK: entry('internal', 'record', 'a value that is not MessagePack, or an incomplete one'),
  SCORELANE_JSON: entry('internal', 'record', 'a value that is not JSON'),
  SCORELANE_SCHEMA: entry(
    'internal',
    'record',
    'a schema that is not a valid Avro schema, or that does not fit the schema of the reader',
  ),
  SCORELANE_SCHEMA_NEEDED: entry('internal', 'batch', 'an Avro schema that must be fetched first (internal)'),
  SCORELANE_REGISTRY: entry(
    'internal',
    'batch',
    'the schema registry does not answer, or gives a wrong answer',
  ),
  SCORELANE_STATE_LOST: entry(
    'internal',
    'batch',
    'the thread does not have the windows of the lane: they are built up again',
  ),
  SCORELANE_STATE_BROKEN: entry(
    'internal',
    'thread',
    'only a part of a record went into the windows: they are built up again',
  ),
  SCORELANE_SNAPSHOT: entry(
    'internal',
    'batch',
    'a snapshot that is damaged, or belongs to something else or to another time: it is not used',
  ),
  SCORELANE_NOT_LOADED: entry(
    'internal',
    'thread',
    'a worker thread has begun again, and has not loaded the model yet: the model is loaded, and the request is repeated',
  ),
  SCORELANE_SCORER: entry('internal', 'thread', 'a fault in a worker thread; the log has its stack'),
  SCORELANE_CANNOT_WRITE: entry('cantCreate', 'daemon', 'a file that was asked for could not be written'),
  SCORELANE_CSV: entry('data', 'daemon', 'a file that is not CSV, or does not have the expected content'),
  SCORELANE_JSON_LINES: entry('data', 'daemon', 'a file that does not have one JSON object on each line'),
  SCORELANE_UNKNOWN: entry('internal', 'daemon', 'an error without a code'),
} as const satisfies Readonly<Record<`SCORELANE_${string}`, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

/** The code says what is wrong; the table says what follows from it. */
export abstract class ScorelaneError extends Error {
  abstract readonly code: ErrorCode;
  constructor(message = '', options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

const entryOf = (code: unknown): ErrorEntry | undefined =>
  typeof code === 'string' && Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;

/**
 * What caused an error with that code. If the code is not ours, it is a fault of the thread that
 * reports it.
 */
export const blamedBy = (code: string): Blames => entryOf(code)?.blames ?? 'thread';

/**
 * Whether we did not expect this error, so that the log should show its stack: a fault in a thread,
 * or in the program.
 */
export function isUnforeseen(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (entryOf(code) !== undefined) return entryOf(code)?.blames === 'thread';
  return code === 'ERR_ASSERTION' || PROGRAM_ERRORS.some((type) => error instanceof type);
}

const PROGRAM_ERRORS = [TypeError, RangeError, ReferenceError, SyntaxError] as const;

/** The exit code for an error that ends a command. */
export function exitCodeOf(error: unknown): number {
  const { code } = error as { readonly code?: unknown };
  const found = entryOf(code);
  if (found !== undefined) return EXIT[found.exit];
  return code === 'ENOENT' ? EXIT.noInput : EXIT.internal;
}
