// What kafkajs's errors mean to us.

import { ScorelaneError } from '../base/errors.ts';
import { PartitionGoneError, type Refusal, SinkError } from '../log/ports.ts';
import type { ProduceFailure } from './produce-answers.ts';

interface KafkaError extends Error {
  readonly type?: string;
  readonly code?: string | number;
  /** Where a connection failed. */
  readonly broker?: string;
  readonly cause?: unknown;
}

/** An error and what it was wrapped around, the outermost first. */
export function* errorChain(error: unknown): Generator<KafkaError> {
  for (
    let link = error as KafkaError | undefined;
    link instanceof Error;
    link = link.cause as KafkaError | undefined
  )
    yield link;
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

/** Errors for which a record is to blame, or the size of a batch: a part of it may be taken. */
const OF_RECORDS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/** The protocol error, also where kafkajs has wrapped it. */
function protocolError(error: unknown): KafkaError | undefined {
  for (const link of errorChain(error)) if (typeof link.type === 'string') return link;
  return undefined;
}

/** And its name. */
export const protocolType = (error: unknown): string => protocolError(error)?.type ?? '';

/**
 * What a topic does not take of a batch of so many records: those that the broker names, if it
 * does. Null for other errors.
 */
export function refusalIn(
  error: unknown,
  recordCount: number,
): (Pick<Refusal, 'ofTime'> & { readonly named: Refusal['records']; readonly reason: string }) | null {
  const found = protocolError(error);
  if (found?.type === undefined || !OF_RECORDS.has(found.type)) return null;
  const { refused = [], errorMessage = null } = found as Partial<ProduceFailure>;
  const reason = errorMessage ?? found.message;
  const named = refused
    .filter(({ index }) => index >= 0 && index < recordCount)
    .map(({ index, message }) => ({ index, message: message === '' ? reason : message }));
  return { named, reason, ofTime: found.type === 'INVALID_TIMESTAMP' };
}

/** What a sink says of an error: where, and in words. */
export function sinkErrorOf(error: unknown, where: string): SinkError {
  if (error instanceof SinkError) return error;
  const message = `${where}: ${(error as Error).message}`;
  if (isUnknownTopic(error)) return new PartitionGoneError(message, { retriable: false, cause: error });
  return new SinkError(message, { retriable: !isPermanent(error), cause: error });
}

export const isFenced = (error: unknown): boolean => FENCED.has(protocolType(error));
export const isLost = (error: unknown): boolean => LOST.has(protocolType(error));
export const isSequenceError = (error: unknown): boolean => SEQUENCE.has(protocolType(error));
export const isPermanent = (error: unknown): boolean => PERMANENT.has(protocolType(error));
export const isDenied = (error: unknown): boolean => DENIED.has(protocolType(error));
export const isConcurrentTransaction = (error: unknown): boolean =>
  protocolType(error) === 'CONCURRENT_TRANSACTIONS';
export const isUnstableOffset = (error: unknown): boolean => protocolType(error) === 'UNSTABLE_OFFSET_COMMIT';
export const isUnknownTopic = (error: unknown): boolean =>
  protocolType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';

/**
 * The committed offset is not in the log any more, and the configuration does not allow to go on
 * elsewhere.
 */
export class OffsetOutOfRangeError extends ScorelaneError {
  readonly code = 'SCORELANE_OFFSET_OUT_OF_RANGE';
}

/** kafkajs has given up for good. */
export class ConsumerCrashedError extends ScorelaneError {
  readonly code = 'SCORELANE_CONSUMER_CRASHED';
}
