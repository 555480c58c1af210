// What kafkajs's errors mean to us.

interface KafkaError extends Error {
  readonly type?: string;
  readonly cause?: unknown;
}

/** Protocol errors that say that the group went on without us. */
const FENCED = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
  'REBALANCE_IN_PROGRESS',
]);

/** Of these, the ones that mean the partitions may be another's already. */
const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** Sequence numbers that the broker does not accept: a new producer id is needed. */
const SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);

/** Errors that trying again does not mend: someone has to do something. */
const PERMANENT = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'CORRUPT_MESSAGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'POLICY_VIOLATION',
]);

/** What the broker refuses to this user. */
const DENIED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

/** The protocol error's name, also of an error that kafkajs has wrapped. */
function protocolType(error: unknown): string {
  for (let at = error as KafkaError | undefined; at !== undefined; at = at.cause as KafkaError | undefined) {
    if (typeof at.type === 'string') return at.type;
  }
  return '';
}

export const isFenced = (error: unknown): boolean => FENCED.has(protocolType(error));
export const isLost = (error: unknown): boolean => LOST.has(protocolType(error));
export const isSequenceError = (error: unknown): boolean => SEQUENCE.has(protocolType(error));
export const isPermanent = (error: unknown): boolean => PERMANENT.has(protocolType(error));
export const isDenied = (error: unknown): boolean => DENIED.has(protocolType(error));
export const isConcurrentTransaction = (error: unknown): boolean =>
  protocolType(error) === 'CONCURRENT_TRANSACTIONS';
export const isUnknownTopic = (error: unknown): boolean =>
  protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
