// Assigned, revoking, revoked and lost are four different things (invariants 3 and 4). A lane that
// is being revoked finishes its work in flight, opens nothing new, and keeps its mail. If it is
// assigned again, it goes on from its own position. If it is revoked or lost, it is gone, and no
// late answer reaches it.

import type { AssignedPartition } from '../log/ports.ts';
import { keyOf, type TopicPartition } from '../log/topic-partition.ts';
import { giveBack } from './credits.ts';
import { addressOf, isSettled, type Lane, newLane } from './lane.ts';
import type { Effect } from './messages.ts';
import { enter } from './phase.ts';
import type { EngineState } from './state.ts';

/** Begins a lane for a new ownership, at the assigned position. */
export function beginLane(state: EngineState, assigned: AssignedPartition, effects: Effect[]): void {
  const lane = newLane(assigned, state.nextEpoch++, state.keepsState ? 'restoring' : 'running');
  state.lanes.set(lane.key, lane);
  if (state.keepsState) askForState(lane, effects);
}

/** Asks for the lane's state to be built up again. Nothing is read before the state is there. */
export function restore(lane: Lane, effects: Effect[]): void {
  enter(lane, 'restoring');
  askForState(lane, effects);
}

function askForState(lane: Lane, effects: Effect[]): void {
  effects.push({ type: 'restore', lane: addressOf(lane), position: lane.ledger.committable });
}

export function assigned(
  state: EngineState,
  partitions: readonly AssignedPartition[],
  effects: Effect[],
): void {
  state.settling = undefined;
  state.rebalancing = false;
  for (const partition of partitions) {
    const key = keyOf(partition);
    const kept = state.lanes.get(key);
    if (kept === undefined) {
      beginLane(state, partition, effects);
      continue;
    }
    if (kept.incarnation !== partition.incarnation) {
      // Another log with the same name: nothing that the lane knows is of use (invariant 9).
      endLanes(state, [kept], 'remade', effects);
      if (kept.paused) effects.push({ type: 'resume', partition: kept });
      beginLane(state, partition, effects);
      continue;
    }
    // While answers are being produced the lane stays as it is, or they would be produced again.
    // The pool asks for the counts itself.
    const isProducing = kept.ledger.oldest?.stage.name === 'producing';
    if (state.keepsState && !isProducing && kept.placedBy?.join() !== partition.placedBy?.join()) {
      // The state was made by an older rule of placing records. It is made again from the whole log
      // by the new rule.
      const { committable: position } = kept.ledger;
      endLanes(state, [kept], 'grown', effects);
      if (kept.paused) effects.push({ type: 'resume', partition: kept });
      beginLane(state, { ...partition, position, uncommitted: true }, effects);
      continue;
    }
    kept.metadata = partition.metadata;
    if (kept.phase === 'settling') enter(kept, 'running');
    if (partition.position !== kept.position) {
      effects.push({ type: 'seek', partition: kept, position: kept.position });
    }
    if (kept.paused) effects.push({ type: 'pause', partition: kept });
  }
  for (const lane of state.lanes.values()) giveBack(state, lane, effects);
}

export function revoking(
  state: EngineState,
  partitions: readonly TopicPartition[],
  deadlineMs: number,
): void {
  state.settling = { deadlineMs };
  state.rebalancing = true;
  for (const partition of partitions) {
    const lane = state.lanes.get(keyOf(partition));
    if (lane?.phase === 'running') enter(lane, 'settling');
  }
}

/**
 * Gives out the effect `settled` when all settling lanes have settled or the deadline has passed.
 */
export function applySettling(state: EngineState, nowMs: number, effects: Effect[]): void {
  if (state.settling === undefined) return;
  const unfinished = [...state.lanes.values()]
    .filter((lane) => lane.phase === 'settling' && !isSettled(lane))
    .map(({ key }) => key);
  if (unfinished.length > 0 && nowMs < state.settling.deadlineMs) return;
  state.settling = undefined;
  effects.push({ type: 'settled', unfinished });
}

/**
 * Ends lanes: after `revoked`, after `lost`, and when the topic was made again or has grown.
 * Nothing of them is committed any more.
 */
export function endLanes(
  state: EngineState,
  partitions: readonly TopicPartition[],
  why: 'revoked' | 'lost' | 'remade' | 'grown',
  effects: Effect[],
): void {
  for (const partition of partitions) {
    const key = keyOf(partition);
    const lane = state.lanes.get(key);
    if (lane === undefined) continue;
    state.lanes.delete(key);
    if (state.keepsState) effects.push({ type: 'forget', lane: addressOf(lane) });
    const microBatches = lane.ledger.inFlight;
    if (microBatches > 0) effects.push({ type: 'abandoned', lane: addressOf(lane), microBatches, why });
  }
}
