// Lets the source rest after a fetch, as the pace says. In a backlog it does not rest.

import type { Fetched } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { Effect, Message } from './messages.ts';
import { restAfter } from './pace.ts';
import type { EngineState } from './state.ts';

/** What a message brings from the log. */
const fetchedIn = (message: Message): readonly Fetched[] =>
  message.type === 'fetched'
    ? [message.fetched]
    : message.type === 'together'
      ? message.arrivals.flatMap((each) => (each.type === 'fetched' ? [each.fetched] : []))
      : [];

export function applyRest(state: EngineState, message: Message, nowMs: number, effects: Effect[]): void {
  const { pace, limits, stopping } = state;
  const parts = fetchedIn(message);
  if (parts.length === 0) return;
  pace.fetches++;
  const isBehind = parts.some((part) => {
    const lane = state.lanes.get(keyOf(part));
    return lane === undefined || lane.position < lane.highWatermark;
  });
  // Several brokers answer at different times: the rest that one of them began is for all.
  if (isBehind || limits.latencyTargetMs === 0 || stopping !== undefined || nowMs < pace.restUntilMs) return;
  const { ms } = restAfter(pace, limits.latencyTargetMs);
  pace.restUntilMs = nowMs + ms;
  effects.push({ type: 'rest', ms });
}
