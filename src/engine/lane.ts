// A lane: the actor of one partition during one ownership. Here is its state, and what needs no
// other lane: to accept what was fetched, to skip, to begin again.

import assert from 'node:assert/strict';
import type { NextOffset } from '../log/offset.ts';
import type { AssignedPartition, Fetched } from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { Recent } from './flood.ts';
import { Ledger } from './ledger.ts';
import { Mailbox } from './mailbox.ts';
import { enter, type Phase } from './phase.ts';

/** Why a lane does not advance. Cleared when it does. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  /** How many times in a row. */
  readonly attempts: number;
}

export interface Lane extends TopicPartition {
  readonly key: string;
  /** The number of the ownership: an answer with another number is not for this lane. */
  epoch: number;
  /** To which topic of that name its offsets belong; undefined where the log does not tell. */
  readonly incarnation: string | undefined;
  /**
   * The partition counts by which its records may have been placed; undefined where the log does
   * not tell.
   */
  readonly placedBy: readonly number[] | undefined;
  /** The text that goes with every commit. */
  metadata: string | undefined;
  phase: Phase;
  /** The next offset to accept from the source. */
  position: NextOffset;
  readonly mailbox: Mailbox;
  ledger: Ledger;
  /** Whether the source was told to stop fetching this partition. */
  paused: boolean;
  highWatermark: number;
  /** When the oldest micro-batch may be produced again. */
  produceAgainAtMs: number;
  haltedUntilMs: number;
  trouble: Trouble | undefined;
  readonly recent: Recent;
  /**
   * The last sign of life: the lane advanced, or said why not, or had nothing to do. NaN before the
   * watchdog's first look.
   */
  aliveAtMs: number;
  /** The offset below which all was done at that time. */
  aliveOffset: NextOffset;
  /**
   * The position of the lane when the log last said that it ends before that position; NaN if it
   * did not say so.
   */
  shortAt: number;
}

export function newLane(assigned: AssignedPartition, epoch: number, phase: Phase): Lane {
  const { topic, partition, position, incarnation, placedBy, metadata, uncommitted = false } = assigned;
  return {
    topic,
    partition,
    key: keyOf(assigned),
    epoch,
    incarnation,
    placedBy,
    metadata,
    phase,
    position,
    mailbox: new Mailbox(),
    ledger: new Ledger(position, uncommitted),
    paused: false,
    highWatermark: position,
    produceAgainAtMs: 0,
    haltedUntilMs: 0,
    trouble: undefined,
    recent: { records: 0, dead: 0 },
    aliveAtMs: Number.NaN,
    aliveOffset: position,
    shortAt: Number.NaN,
  };
}

export const addressOf = ({ topic, partition, epoch, incarnation, placedBy }: Lane): LaneAddress => ({
  topic,
  partition,
  epoch,
  ...(incarnation === undefined ? {} : { incarnation }),
  ...(placedBy === undefined ? {} : { placedBy }),
});

export const metadataOf = ({ metadata }: Lane): { readonly metadata?: string } =>
  metadata === undefined ? {} : { metadata };

/** Whether the lane takes anything from the source now. */
export const takesMail = ({ phase }: Lane): boolean => phase === 'running' || phase === 'settling';

/** Whether its state, if it keeps one, has all records that have their answer. */
export const isFed = (lane: Lane): boolean => takesMail(lane) && lane.ledger.done >= lane.ledger.committable;

/** The bytes that this lane holds: waiting or in flight, until they are acknowledged. */
export const heldBytes = (lane: Lane): number => lane.mailbox.bytes + lane.ledger.bytes;

export const isSettled = (lane: Lane): boolean => lane.ledger.inFlight === 0 && !lane.ledger.owes;

/**
 * Puts what was fetched into the mailbox, without what the lane already has. Returns false when the
 * source has read past the next offset that the lane expects: then nothing is taken, and the source
 * must go back.
 */
export function accept(lane: Lane, fetched: Fetched, nowMs: number): boolean {
  assert.ok(takesMail(lane), `lane ${lane.key} takes mail while it is ${lane.phase}`);
  if (fetched.from > lane.position) return false;
  lane.highWatermark = Math.max(lane.highWatermark, fetched.highWatermark);
  for (const batch of fetched.batches) {
    const { header } = batch;
    if (header.next <= lane.position) continue;
    lane.mailbox.put({
      batch: batch.skip ? null : batch,
      first: lane.position,
      next: header.next,
      records: batch.skip ? 0 : header.recordCount,
      bytes: batch.skip ? 0 : header.byteLength,
      arrivedAtMs: nowMs,
    });
    lane.position = header.next;
  }
  assertNoGap(lane);
  return true;
}

/**
 * The mail begins where the work in flight ends, and ends at the position of the lane: no offset is
 * left out.
 */
export function assertNoGap({ key, mailbox, ledger, position }: Lane): void {
  const { oldest, newest } = mailbox;
  if (oldest === undefined || newest === undefined) return;
  assert.equal(oldest.first, ledger.opened, `lane ${key} has a gap between its ledger and its mailbox`);
  assert.equal(newest.next, position, `lane ${key} has a gap behind its mailbox`);
}

/** Goes on from a later offset: the log no longer holds the records before it. */
export function skipTo(lane: Lane, position: NextOffset, nowMs: number): void {
  lane.mailbox.put({
    batch: null,
    first: lane.position,
    next: position,
    records: 0,
    bytes: 0,
    arrivedAtMs: nowMs,
  });
  lane.position = position;
}

/**
 * Goes on with a state that holds all records below `from`: the committable offset, or an earlier
 * one.
 */
export function feed(lane: Lane, from: NextOffset, settling: boolean): void {
  assert.equal(lane.mailbox.length, 0, `lane ${lane.key} has mail while it has no state`);
  lane.ledger.feedFrom(from);
  lane.position = from;
  enter(lane, settling ? 'settling' : 'running');
}

/**
 * Drops everything that waits or is in flight, and begins a new epoch at the committable offset.
 */
export function restart(lane: Lane, epoch: number): void {
  lane.mailbox.clear();
  lane.ledger.abandon();
  lane.epoch = epoch;
  lane.position = lane.ledger.committable;
}
