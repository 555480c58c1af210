// The order of a stop: nothing more is fetched; mail that is not in flight is dropped and not
// committed; work in flight is finished, produced and committed. Then, or at the deadline, the
// engine says that it has drained.

import { isSettled } from './lane.ts';
import type { Effect } from './messages.ts';
import type { EngineState } from './state.ts';

export function stop(state: EngineState, deadlineMs: number): void {
  state.stopping ??= { deadlineMs, done: false };
  for (const lane of state.lanes.values()) lane.mailbox.clear();
}

export function applyDrain(state: EngineState, nowMs: number, effects: Effect[]): void {
  const { stopping } = state;
  if (stopping === undefined || stopping.done) return;
  const unfinished = [...state.lanes.values()].filter((lane) => !isSettled(lane)).map(({ key }) => key);
  if (unfinished.length > 0 && nowMs < stopping.deadlineMs) return;
  stopping.done = true;
  effects.push({ type: 'drained', unfinished });
}
