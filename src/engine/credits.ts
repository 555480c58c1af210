// Backpressure (invariant 5). The budget is divided among the lanes. A lane may fetch while one
// more fetch keeps it within its share. So the sum stays under the budget, and no lane waits for
// another. When lanes are added, the shares shrink: a lane above its new share gives its newest
// mail back, and it is fetched again later.

import { assertNoGap, heldBytes, type Lane, takesMail } from './lane.ts';
import type { Effect } from './messages.ts';
import type { EngineState } from './state.ts';

/**
 * The budget that is used: at least one fetch for each lane, or some lanes could not go on at all.
 */
export const budgetBytes = ({ limits, lanes }: EngineState): number =>
  Math.max(limits.budgetBytes, limits.fetchBytesMax * lanes.size);

/** A lane's share of the budget. */
export const laneShareBytes = (state: EngineState): number =>
  Math.floor(budgetBytes(state) / Math.max(1, state.lanes.size));

/** Pauses and resumes partitions as their credits demand. */
export function applyCredits(state: EngineState, effects: Effect[]): void {
  const { fetchBytesMax } = state.limits;
  const share = laneShareBytes(state);
  let free = budgetBytes(state);
  for (const lane of state.lanes.values()) free -= heldBytes(lane);
  for (const lane of state.lanes.values()) {
    const mayFetch =
      takesMail(lane) &&
      state.stopping === undefined &&
      !state.isHeld &&
      heldBytes(lane) + fetchBytesMax <= share &&
      free >= fetchBytesMax;
    if (mayFetch) free -= fetchBytesMax;
    if (mayFetch !== lane.paused) continue;
    lane.paused = !mayFetch;
    effects.push({ type: mayFetch ? 'resume' : 'pause', partition: lane });
  }
}

/** Shrinks a lane to its share: it drops its newest mail, and the source reads that mail again. */
export function giveBack(state: EngineState, lane: Lane, effects: Effect[]): void {
  const share = laneShareBytes(state);
  const before = lane.position;
  while (heldBytes(lane) > share) {
    const mail = lane.mailbox.takeNewest();
    if (mail === undefined) break;
    lane.position = mail.first;
  }
  assertNoGap(lane);
  if (lane.position !== before) effects.push({ type: 'seek', partition: lane, position: lane.position });
}
