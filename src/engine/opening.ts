// Opens micro-batches and puts them into tasks. A task is what goes to a worker in one message: it
// costs about the same whether it carries 3 records or 300. So lanes without a state that have
// little share one.

import type { Trigger } from '../scoring/micro-batch.ts';
import { NO_OUTCOME } from '../scoring/outcome.ts';
import type { Trial } from '../scoring/trial.ts';
import { type BatchingPolicy, takeMicroBatch, trigger } from './batcher.ts';
import { addressOf, type Lane } from './lane.ts';
import type { Effect, Opened } from './messages.ts';
import type { EngineState } from './state.ts';

/**
 * Lanes share a task up to so many records. From then on its rows cost more than the task itself
 * (0.1 ms against 0.3 us and more a row), and another worker may take what is left.
 */
const SHARED_RECORDS_MAX = 512;

const sharedMax = ({ recordsMax }: BatchingPolicy): number => Math.min(SHARED_RECORDS_MAX, recordsMax);

/** Tasks that are with the scorer now. */
export const tasksWithScorer = ({ scoring }: EngineState): number => new Set(scoring.values()).size;

const hasPlace = (state: EngineState): boolean => tasksWithScorer(state) < state.limits.scoringMax;

/** Whether the lane has something to open, and the place for it. */
export const wantsToOpen = (state: EngineState, lane: Lane): boolean =>
  lane.phase === 'running' &&
  lane.mailbox.length > 0 &&
  lane.ledger.inFlight < state.limits.inFlightMax &&
  state.stopping === undefined &&
  !state.isHeld;

export const mayOpen = (state: EngineState, lane: Lane): boolean =>
  wantsToOpen(state, lane) && hasPlace(state);

/**
 * Gives the free places of the scorer to lanes that have a micro-batch ready, in turn. `done`:
 * called for each lane whose micro-batch holds no record, and is done at once.
 */
export function openTasks(
  state: EngineState,
  nowMs: number,
  effects: Effect[],
  done: (lane: Lane) => void,
): void {
  const lanes = [...state.lanes.values()];
  while (hasPlace(state)) {
    const { task, opened } = gather(state, lanes, nowMs, done);
    if (task.length > 0) effects.push({ type: 'score', task });
    if (!opened) return;
  }
}

/** The micro-batches of one task. `opened`: whether a lane opened one, with records or not. */
function gather(
  state: EngineState,
  lanes: readonly Lane[],
  nowMs: number,
  done: (lane: Lane) => void,
): { readonly task: readonly Opened[]; readonly opened: boolean } {
  const { microBatch: policy } = state.limits;
  const task: Opened[] = [];
  const number = state.nextId;
  let records = 0;
  let opened = false;
  for (let left = lanes.length; left > 0; left--) {
    const lane = lanes[state.turn % lanes.length] as Lane;
    // It does not fit any more: the next task begins with it.
    if (task.length > 0 && records + lane.mailbox.records > sharedMax(policy) && wantsToOpen(state, lane))
      break;
    state.turn++;
    const one = open(state, lane, nowMs);
    if (one === null) continue;
    opened = true;
    if (one.microBatch.batches.length === 0) {
      lane.ledger.scored(one.microBatch.id, NO_OUTCOME);
      done(lane);
      continue;
    }
    state.scoring.set(one.microBatch.id, number);
    task.push(one);
    records += one.microBatch.batches.reduce((sum, { header }) => sum + header.recordCount, 0);
    if (state.keepsState || records >= sharedMax(policy)) break;
  }
  return { task, opened };
}

/** A lane that is behind has no time for a shadow: its micro-batches are full. */
const trialsFor = ({ trials }: EngineState, why: Trigger): readonly Trial[] =>
  why === 'full' && trials.length > 0 ? trials.filter(({ kind }) => kind !== 'shadow') : trials;

/** The lane's next micro-batch, if it is ready. */
function open(state: EngineState, lane: Lane, nowMs: number): Opened | null {
  if (!wantsToOpen(state, lane)) return null;
  const why = trigger(lane.mailbox, state.limits.microBatch, nowMs);
  if (why === null) return null;
  const mail = takeMicroBatch(lane.mailbox, state.limits.microBatch);
  const first = mail[0]?.first ?? lane.position;
  const next = mail.at(-1)?.next ?? lane.position;
  const arrivedAtMs = mail[0]?.arrivedAtMs ?? nowMs;
  const id = state.nextId++;
  const batches = mail.flatMap(({ batch }) => (batch === null ? [] : [batch]));
  const bytes = mail.reduce((sum, item) => sum + item.bytes, 0);
  const { deployment } = state;
  const trials = trialsFor(state, why);
  lane.ledger.open({ id, first, next, bytes, arrivedAtMs, batches, deployment });
  return {
    microBatch: {
      id,
      ...addressOf(lane),
      first,
      next,
      batches,
      ...(deployment === undefined ? {} : { deployment }),
      ...(trials.length === 0 ? {} : { trials }),
      trigger: why,
      ...(first < lane.ledger.committable ? { scoreFrom: lane.ledger.committable } : {}),
    },
    arrivedAtMs,
  };
}
