// When a lane's mail becomes a micro-batch: when there is enough of it, or when the oldest has
// waited long enough. There is no timer and no clock here: the caller asks, and says what time it
// is.

import type { Trigger } from '../scoring/micro-batch.ts';
import type { Mail, Mailbox } from './mailbox.ts';

export interface BatchingPolicy {
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly lingerMs: number;
}

const isFull = (mailbox: Mailbox, policy: BatchingPolicy): boolean =>
  mailbox.records >= policy.recordsMax || mailbox.bytes >= policy.bytesMax;

/** When the oldest mail will have waited long enough; infinity when the mailbox is empty. */
export const lingersUntil = (mailbox: Mailbox, policy: BatchingPolicy): number =>
  mailbox.oldest === undefined ? Number.POSITIVE_INFINITY : mailbox.oldest.arrivedAtMs + policy.lingerMs;

/** Why a micro-batch may be closed now, or null. */
export function trigger(mailbox: Mailbox, policy: BatchingPolicy, nowMs: number): Trigger | null {
  if (isFull(mailbox, policy)) return 'full';
  return lingersUntil(mailbox, policy) <= nowMs ? 'linger' : null;
}

/**
 * Takes the mail of the next micro-batch: as much as fits the policy, and at least one record
 * batch.
 */
export const takeMicroBatch = (mailbox: Mailbox, policy: BatchingPolicy): Mail[] =>
  mailbox.takeOldest((records, bytes) => records <= policy.recordsMax && bytes <= policy.bytesMax);
