// No silent stall (invariant 6). A lane with lag must show signs of life: it must advance, or say
// why it cannot. A lane that does neither for `stallAfterMs` is named, and the source joins the
// group again. If that does not help after a few times, the engine gives up and the process ends,
// and its supervisor starts it again. The log is asked for the lag: what was fetched does not tell
// it, because the fetching itself may have stalled. A job that somebody has paused has not stalled.

import { keyOf } from '../log/topic-partition.ts';
import { heldBytes, type Lane } from './lane.ts';
import type { Effect } from './messages.ts';
import type { EngineState } from './state.ts';

/** How often in a row the source may join again without success. */
const TRIES = 3;
/** How often the log is asked for its ends within `stallAfterMs`. */
const ASKS = 3;

const hasLag = (lane: Lane): boolean => lane.highWatermark > lane.ledger.done;

/**
 * Takes the end of the log, as the log tells it. A log that ends before the offsets that were
 * fetched is another log (invariant 9): it may hold records that nobody reads. One answer may be
 * older than the last fetch; two in a row are not.
 */
export function toldLogEnd(lane: Lane, logEnd: number): void {
  const isShort = logEnd < lane.position;
  const end = isShort && lane.shortAt === lane.position ? lane.position + 1 : logEnd;
  lane.shortAt = isShort ? lane.position : Number.NaN;
  lane.highWatermark = Math.max(lane.highWatermark, end);
}

/** When the watchdog must look again; infinity when there is nothing to watch. */
export function watchAtMs(state: EngineState): number {
  if (state.lanes.size === 0 || state.stopping !== undefined) return Number.POSITIVE_INFINITY;
  let earliestMs = state.endsAskedAtMs + state.limits.stallAfterMs / ASKS;
  for (const lane of state.lanes.values()) {
    if (hasLag(lane) && !Number.isNaN(lane.aliveAtMs))
      earliestMs = Math.min(earliestMs, lane.aliveAtMs + state.limits.stallAfterMs);
  }
  return earliestMs;
}

export function applyWatchdog(state: EngineState, nowMs: number, effects: Effect[]): void {
  const { stallAfterMs } = state.limits;
  // The last step is too long ago: the process itself was stopped for a while, and no lane could
  // show a sign of life.
  const slept = nowMs - state.lastStepAtMs > stallAfterMs / 2;
  state.lastStepAtMs = nowMs;
  if (state.stopping !== undefined || state.lanes.size === 0) return;
  const excused = slept || state.isHeld;
  const stalled = [...state.lanes.values()].filter((lane) => isStalled(lane, nowMs, excused, stallAfterMs));
  if (stalled.length > 0) reportStalled(state, stalled, nowMs, effects);
  if (nowMs >= state.endsAskedAtMs + stallAfterMs / ASKS) {
    state.endsAskedAtMs = nowMs;
    effects.push({ type: 'askLogEnds' });
  }
}

function isStalled(lane: Lane, nowMs: number, excused: boolean, stallAfterMs: number): boolean {
  const { done } = lane.ledger;
  // While a state is built up, that request has its own deadline.
  const waits = lane.phase === 'restoring' || !hasLag(lane);
  if (excused || Number.isNaN(lane.aliveAtMs) || waits || done !== lane.aliveOffset) {
    lane.aliveAtMs = nowMs;
    lane.aliveOffset = done;
    return false;
  }
  return nowMs - lane.aliveAtMs >= stallAfterMs;
}

function reportStalled(state: EngineState, stalled: readonly Lane[], nowMs: number, effects: Effect[]): void {
  let hopeless = false;
  for (const lane of stalled) {
    lane.aliveAtMs = nowMs;
    const offset = lane.ledger.committable;
    const before = state.stalls.get(lane.key);
    const times = before?.offset === offset ? before.times + 1 : 1;
    state.stalls.set(lane.key, { offset, times });
    hopeless ||= times > TRIES;
  }
  effects.push({ type: hopeless ? 'gaveUp' : 'stalled', lanes: stalled.map(describe) });
}

/** Everything that is known about a lane, for the log. */
const describe = (lane: Lane): string =>
  `${keyOf(lane)} (${lane.phase}${lane.paused ? ', paused' : ''}, epoch ${lane.epoch}: committable ${lane.ledger.committable}, ` +
  `committed ${lane.ledger.committed}, fetched to ${lane.position}, log end ${lane.highWatermark}; ${lane.ledger.inFlight} micro-batches ` +
  `in flight, the oldest ${lane.ledger.oldest?.stage.name ?? 'none'}; ${lane.mailbox.length} batches waiting; ${heldBytes(lane)} bytes)`;
