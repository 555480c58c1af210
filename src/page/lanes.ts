// The lanes of a job as the page shows them.

import { laneShareBytes } from '../engine/credits.ts';
import { heldBytes, type Lane } from '../engine/lane.ts';
import type { EngineState } from '../engine/state.ts';
import type { LaneStatus, ShownLane } from './told.ts';

/** More would be no page. Those that need somebody, and those with most lag, come first. */
export const LANES_SHOWN_MAX = 1_000;

/** A lane is behind if it has more to answer than it answers in so long, and more than a few. */
const BEHIND_SECONDS = 2;
const BEHIND_MIN = 100;

/** The records that a lane answers a second, by its key. */
export type LaneRates = ReadonlyMap<string, number>;

/** In the order of topics and partitions. */
export function shownLanes(engine: EngineState, rates: LaneRates | null): ShownLane[] {
  const share = laneShareBytes(engine);
  const lanes = [...engine.lanes.values()].map((lane) =>
    shownLane(lane, engine, share, rates?.get(lane.key) ?? null),
  );
  const shown =
    lanes.length <= LANES_SHOWN_MAX
      ? lanes
      : lanes.toSorted((left, right) => urgency(right) - urgency(left)).slice(0, LANES_SHOWN_MAX);
  return shown.sort((left, right) =>
    left.topic === right.topic ? left.partition - right.partition : left.topic < right.topic ? -1 : 1,
  );
}

const urgency = ({ status, lag }: ShownLane): number =>
  status === 'trouble' || status === 'stalled' ? Number.POSITIVE_INFINITY : lag;

function shownLane(lane: Lane, engine: EngineState, share: number, rate: number | null): ShownLane {
  const { topic, partition, mailbox, ledger, epoch, position, highWatermark, trouble, paused } = lane;
  const unanswered = Math.max(0, highWatermark - ledger.committable);
  return {
    topic,
    partition,
    status: statusOf(lane, engine, unanswered, rate ?? 0),
    lag: Math.max(0, highWatermark - ledger.committed),
    unanswered,
    rate,
    isPaused: paused,
    waiting: mailbox.records,
    waitingBytes: mailbox.bytes,
    fill: Math.min(1, Math.round((heldBytes(lane) / Math.max(1, share)) * 1_000) / 1_000),
    inFlight: ledger.inFlight,
    epoch,
    committed: ledger.committed,
    position,
    end: highWatermark,
    trouble:
      trouble === undefined
        ? null
        : { code: trouble.code, message: trouble.message, attempts: trouble.attempts },
  };
}

function statusOf(lane: Lane, engine: EngineState, unanswered: number, rate: number): LaneStatus {
  const { key, phase, trouble, ledger } = lane;
  if (trouble !== undefined) return 'trouble';
  if (engine.stalls.get(key)?.offset === ledger.committable) return 'stalled';
  if (phase !== 'running') return phase;
  if (engine.isHeld) return 'held';
  return unanswered > Math.max(BEHIND_MIN, BEHIND_SECONDS * rate) ? 'behind' : 'running';
}
