// Lets the source rest after a fetch, as the pace says. While any lane is behind it does not rest:
// also where that lane is paused, or fetched from another broker.

import { takesMail } from './lane.ts';
import type { Effect, Message } from './messages.ts';
import { restAfter } from './pace.ts';
import type { EngineState } from './state.ts';

/** Whether a message brings something from the log. */
const hasFetched = (message: Message): boolean =>
  message.type === 'fetched' ||
  (message.type === 'together' && message.arrivals.some(({ type }) => type === 'fetched'));

export function applyRest(state: EngineState, message: Message, nowMs: number, effects: Effect[]): void {
  const { pace, limits, stopping } = state;
  if (!hasFetched(message)) return;
  pace.fetches++;
  const isBehind = [...state.lanes.values()].some(
    (lane) => takesMail(lane) && lane.position < lane.highWatermark,
  );
  // Several brokers answer at different times: the rest that one of them began is for all.
  if (isBehind || limits.latencyTargetMs === 0 || stopping !== undefined || nowMs < pace.restUntilMs) return;
  const { ms } = restAfter(pace, limits.latencyTargetMs);
  pace.restUntilMs = nowMs + ms;
  effects.push({ type: 'rest', ms });
}
