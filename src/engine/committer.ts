// When offsets are committed: every `commitIntervalMs` while there is something to commit, at once
// when lanes settle or drain. One commit is in flight at a time, for all lanes together.

import { addressOf, metadataOf } from './lane.ts';
import type { Effect, LaneCommit } from './messages.ts';
import type { EngineState } from './state.ts';

const uncommitted = ({ lanes }: EngineState): boolean => {
  for (const { ledger } of lanes.values()) if (ledger.owes) return true;
  return false;
};

/** When the next commit is due; infinity when there is nothing to commit. */
export function commitDueAtMs(state: EngineState): number {
  if (state.commitInFlight || !uncommitted(state)) return Number.POSITIVE_INFINITY;
  const hurry = state.stopping !== undefined || state.settling !== undefined;
  return Math.max(
    state.commitNotBeforeMs,
    state.lastCommitAtMs + (hurry ? 0 : state.limits.commitIntervalMs),
  );
}

export function applyCommit(state: EngineState, nowMs: number, effects: Effect[]): void {
  if (commitDueAtMs(state) > nowMs) return;
  const commits: LaneCommit[] = [];
  for (const lane of state.lanes.values()) {
    if (lane.ledger.owes)
      commits.push({ ...addressOf(lane), next: lane.ledger.committable, ...metadataOf(lane) });
  }
  state.commitInFlight = true;
  state.lastCommitAtMs = nowMs;
  effects.push({ type: 'commit', commits });
}
