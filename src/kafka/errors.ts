// What the errors of kafkajs mean for us.

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

/** An error and the errors inside it, the outermost first. */
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

/** Those of them that say that our partitions may already belong to another member. */
const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** The broker does not accept our sequence numbers: a new producer id is needed. */
const SEQUENCE = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);

/** Errors that do not go away by trying again: somebody has to act. */
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

/** The broker refuses something to this user. */
const DENIED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
]);

/**
 * Errors caused by a record, or by the size of a batch: the broker may still accept a part of the
 * batch.
 */
const OF_RECORDS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/** The protocol error, also where kafkajs has wrapped it in another error. */
function protocolError(error: unknown): KafkaError | undefined {
  for (const link of errorChain(error)) if (typeof link.type === 'string') return link;
  return undefined;
}

/** The name of the protocol error. */
export const protocolType = (error: unknown): string => protocolError(error)?.type ?? '';

/**
 * Which records of a batch the topic refuses, as far as the broker names them. Null for other
 * errors.
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

/** The error of a sink: where it happened, and in words. */
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
 * The log no longer holds the committed offset, and the configuration does not allow to go on
 * elsewhere.
 */
export class OffsetOutOfRangeError extends ScorelaneError {
  readonly code = 'SCORELANE_OFFSET_OUT_OF_RANGE';
}

/** kafkajs has given up for good. */
export class ConsumerCrashedError extends ScorelaneError {
  readonly code = 'SCORELANE_CONSUMER_CRASHED';
}
