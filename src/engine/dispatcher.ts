// The engine: one pure function. It is told what happened and what time it is, changes its state,
// and returns what is to be done. It knows no Kafka, no TensorFlow and no clock.

import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import { lingersUntil } from './batcher.ts';
import { applyCommit, commitDueAtMs } from './committer.ts';
import { applyCredits } from './credits.ts';
import { applyDrain, stop } from './drain.ts';
import { countUnlessFlood } from './flood.ts';
import { accept, addressOf, feed, type Lane, metadataOf, restart, skipTo, takesMail } from './lane.ts';
import type { Effect, Failure, Message } from './messages.ts';
import { mayOpen, openTasks } from './opening.ts';
import { acknowledgedAfter, cyclesCost } from './pace.ts';
import { enter } from './phase.ts';
import { applySettling, assigned, beginLane, endLanes, restore, revoking } from './rebalance.ts';
import { applyRest } from './resting.ts';
import type { EngineState } from './state.ts';
import { applyWatchdog, toldLogEnd, watchAtMs } from './watchdog.ts';

const [UNKNOWN, STATE_LOST] = ['SCORELANE_UNKNOWN', 'SCORELANE_STATE_LOST'];

/**
 * Takes one message and returns what is to be done, in order. Mutates `state`. The earlier steps
 * make room for the later ones:
 *
 * 1. the message: what happened. All steps below depend on it;
 * 2. each lane produces its oldest micro-batch, begins again after a failure, ends its halt: this
 *    frees places with the scorer;
 * 3. micro-batches are opened in the free places, as tasks; those without a record are done at
 *    once;
 * 4. credits: how much each lane holds is known now, and decides which lanes may fetch;
 * 5. commits: all acknowledgements are known now;
 * 6. settled and drained: they wait for work in flight and for commits, so they come after both
 *    have begun;
 * 7. the rest after a fetch, which follows from where the lanes stand now;
 * 8. the watchdog, last: a lane that advanced in this step is alive.
 */
export function step(state: EngineState, message: Message, nowMs: number): Effect[] {
  const effects: Effect[] = [];
  receive(state, message, nowMs, effects);
  for (const lane of state.lanes.values()) wakeLane(state, lane, nowMs, effects);
  openTasks(state, nowMs, effects, (lane) => wakeLane(state, lane, nowMs, effects));
  applyCredits(state, effects);
  applyCommit(state, nowMs, effects);
  applySettling(state, nowMs, effects);
  applyDrain(state, nowMs, effects);
  applyRest(state, message, nowMs, effects);
  applyWatchdog(state, nowMs, effects);
  return effects;
}

/** When `step` must be called with a `tick` although nothing happens; infinity when never. */
export function wakeAtMs(state: EngineState): number {
  let wakeMs = Math.min(commitDueAtMs(state), watchAtMs(state));
  if (state.settling !== undefined) wakeMs = Math.min(wakeMs, state.settling.deadlineMs);
  if (state.stopping !== undefined && !state.stopping.done)
    wakeMs = Math.min(wakeMs, state.stopping.deadlineMs);
  for (const lane of state.lanes.values()) {
    if (lane.phase === 'halted') wakeMs = Math.min(wakeMs, lane.haltedUntilMs);
    if (lane.ledger.oldest?.stage.name === 'scored') wakeMs = Math.min(wakeMs, lane.produceAgainAtMs);
    if (mayOpen(state, lane)) wakeMs = Math.min(wakeMs, lingersUntil(lane.mailbox, state.limits.microBatch));
  }
  return wakeMs;
}

function receive(state: EngineState, message: Message, nowMs: number, effects: Effect[]): void {
  switch (message.type) {
    case 'assigned':
      assigned(state, message.partitions, effects);
      return;
    case 'revoking':
      revoking(state, message.partitions, message.deadlineMs);
      return;
    case 'revoked':
    case 'lost':
      endLanes(state, message.partitions, message.type, effects);
      return;
    case 'fetched': {
      const lane = state.lanes.get(keyOf(message.fetched));
      if (lane === undefined || !takesMail(lane) || state.stopping !== undefined) return;
      if (!accept(lane, message.fetched, nowMs)) {
        effects.push({ type: 'seek', partition: lane, position: lane.position });
      }
      return;
    }
    case 'outOfRange': {
      const lane = state.lanes.get(keyOf(message.partition));
      if (lane === undefined) return;
      if (message.position >= lane.position && lane.phase !== 'restoring') {
        skipTo(lane, message.position, nowMs);
        return;
      }
      if (lane.position <= message.logEnd) {
        // The source had a wrong position. The log does hold the offset that the lane expects.
        effects.push({ type: 'seek', partition: lane, position: lane.position });
        return;
      }
      // The log ends before the lane's position: it was cut or made again. The lane's offsets mean
      // nothing in it.
      endLanes(state, [lane], 'lost', effects);
      beginLane(state, { ...addressOf(lane), ...metadataOf(lane), position: message.position }, effects);
      return;
    }
    case 'scored': {
      state.scoring.delete(message.id);
      const lane = laneAt(state, message.lane);
      if (lane === undefined) return;
      const flood = countUnlessFlood(lane.recent, message.outcome, state.limits.flood);
      if (flood === null) {
        lane.ledger.scored(message.id, message.outcome);
        return;
      }
      lane.ledger.failed(message.id);
      trouble(lane, flood, nowMs, effects);
      return;
    }
    case 'scoreFailed': {
      state.scoring.delete(message.id);
      const lane = laneAt(state, message.lane);
      if (lane === undefined) return;
      lane.ledger.failed(message.id);
      trouble(lane, message.failure, nowMs, effects);
      return;
    }
    case 'restored': {
      const lane = laneAt(state, message.lane);
      if (lane?.phase !== 'restoring' || state.stopping !== undefined) return;
      feed(lane, message.from, state.rebalancing);
      effects.push({ type: 'seek', partition: lane, position: lane.position });
      return;
    }
    case 'restoreFailed': {
      const lane = laneAt(state, message.lane);
      if (lane?.phase !== 'restoring') return;
      trouble(lane, message.failure, nowMs, effects);
      halt(state, lane, nowMs, effects);
      return;
    }
    case 'stateLost': {
      const lane = laneAt(state, message.lane);
      if (lane === undefined || !takesMail(lane) || state.stopping !== undefined) return;
      // What is in flight finds out by itself, or has its scores.
      if (lane.ledger.inFlight === 0) halt(state, lane, nowMs, effects, STATE_LOST);
      return;
    }
    case 'mended': {
      const lane = laneAt(state, message.lane);
      if (lane === undefined) return;
      const before = lane.ledger.find(message.id)?.stage;
      const more =
        before?.name === 'producing' ? message.outcome.deadLetters - before.outcome.deadLetters : 0;
      // The refused results were counted as scored.
      const { refusal } = message.outcome;
      const flood = countUnlessFlood(
        lane.recent,
        { scored: -more, deadLetters: more, refusal },
        state.limits.flood,
      );
      if (flood === null) {
        lane.ledger.mended(message.id, message.outcome);
        return;
      }
      lane.ledger.notProduced(message.id);
      trouble(lane, flood, nowMs, effects);
      lane.produceAgainAtMs = nowMs + state.limits.retryMsMax;
      return;
    }
    case 'produced': {
      const lane = laneAt(state, message.lane);
      if (lane === undefined) return;
      const { arrivedAtMs } = lane.ledger.acknowledged(message.id);
      acknowledgedAfter(state.pace, nowMs - arrivedAtMs);
      recovered(lane, effects);
      return;
    }
    case 'produceFailed': {
      const lane = laneAt(state, message.lane);
      if (lane === undefined) return;
      lane.ledger.notProduced(message.id);
      trouble(lane, message.failure, nowMs, effects);
      // During a stop the lane does not begin again: the stop waits for the work in flight, and
      // reports it if the time is over.
      if (message.isAstray && state.stopping === undefined) {
        halt(state, lane, nowMs, effects);
        return;
      }
      lane.produceAgainAtMs = nowMs + (message.retriable ? backoffMs(state, lane) : state.limits.retryMsMax);
      return;
    }
    case 'committed':
      state.commitInFlight = false;
      for (const commit of message.commits) laneAt(state, commit)?.ledger.confirmed(commit.next);
      return;
    case 'commitFailed':
      state.commitInFlight = false;
      state.commitNotBeforeMs = nowMs + state.limits.retryMs;
      return;
    case 'logEnds':
      for (const end of message.ends) {
        const lane = state.lanes.get(keyOf(end));
        if (lane !== undefined) toldLogEnd(lane, end.logEnd);
      }
      return;
    case 'together':
      for (const arrival of message.arrivals) receive(state, arrival, nowMs, effects);
      return;
    case 'used':
      cyclesCost(state.pace, message.cpuMs);
      return;
    case 'scoring':
      for (const lane of state.lanes.values()) lane.aliveAtMs = nowMs;
      return;
    case 'hold':
      state.isHeld = message.isHeld;
      for (const lane of state.lanes.values()) lane.aliveAtMs = nowMs;
      return;
    case 'retune': {
      const { microBatch } = state.limits;
      const { limits } = message;
      state.limits = { ...state.limits, ...limits, microBatch: { ...microBatch, ...limits.microBatch } };
      return;
    }
    case 'serve':
      state.deployment = message.deployment;
      state.trials = message.trials;
      return;
    case 'stop':
      stop(state, message.deadlineMs);
      return;
    case 'tick':
      return;
  }
}

/** The lane of that address, if the ownership is still the same (invariant 3). */
function laneAt(state: EngineState, address: LaneAddress): Lane | undefined {
  const lane = state.lanes.get(keyOf(address));
  return lane?.epoch === address.epoch ? lane : undefined;
}

/**
 * What a lane does in each step: it produces its oldest micro-batch, begins again after a failure,
 * ends its halt.
 */
function wakeLane(state: EngineState, lane: Lane, nowMs: number, effects: Effect[]): void {
  while (lane.produceAgainAtMs <= nowMs) {
    const producible = lane.ledger.takeProducible(state.limits.producesTogether);
    if (producible === undefined) break;
    const { entry, outcome } = producible;
    if (outcome.outputs.length > 0) {
      const { topic, partition } = lane;
      const { id, batches, deployment, next } = entry;
      const answered = { topic, partition, next, ...metadataOf(lane) };
      effects.push({ type: 'produce', lane: addressOf(lane), id, batches, deployment, answered, outcome });
      break;
    }
    lane.ledger.acknowledged(entry.id);
  }
  if (lane.ledger.oldest?.stage.name === 'failed') halt(state, lane, nowMs, effects);
  if (lane.phase !== 'halted' || lane.haltedUntilMs > nowMs) return;
  if (state.keepsState) restore(lane, effects);
  else enter(lane, state.rebalancing ? 'settling' : 'running');
}

/** The oldest micro-batch could not be opened: after a while it is read from the log again. */
function halt(
  state: EngineState,
  lane: Lane,
  nowMs: number,
  effects: Effect[],
  why = lane.trouble?.code ?? UNKNOWN,
): void {
  effects.push({
    type: 'abandoned',
    lane: addressOf(lane),
    microBatches: lane.ledger.inFlight,
    why,
  });
  restart(lane, state.nextEpoch++);
  enter(lane, 'halted');
  lane.haltedUntilMs = nowMs + backoffMs(state, lane);
  effects.push({ type: 'seek', partition: lane, position: lane.position });
}

const backoffMs = ({ limits }: EngineState, lane: Lane): number =>
  Math.min(limits.retryMsMax, limits.retryMs * 2 ** Math.min(20, (lane.trouble?.attempts ?? 1) - 1));

function trouble(lane: Lane, failure: Failure, nowMs: number, effects: Effect[]): void {
  const attempts = (lane.trouble?.attempts ?? 0) + 1;
  lane.aliveAtMs = nowMs;
  lane.trouble = { ...failure, attempts };
  effects.push({ type: 'trouble', lane: addressOf(lane), failure, attempts });
}

function recovered(lane: Lane, effects: Effect[]): void {
  if (lane.trouble === undefined) return;
  lane.trouble = undefined;
  effects.push({ type: 'recovered', lane: addressOf(lane) });
}
