// A checker for each invariant of the design: a history in, the violations out, in words. Empty
// means that it held.

import { keyOf as keyOfName, type TopicPartition } from '../../src/log/topic-partition.ts';
import type { History, HistoryEvent } from './history.ts';

type Of<T extends HistoryEvent['type']> = Extract<HistoryEvent, { type: T }>;
const isA =
  <T extends HistoryEvent['type']>(type: T) =>
  (event: HistoryEvent): event is Of<T> =>
    event.type === type;

interface Place extends TopicPartition {
  readonly incarnation?: string | undefined;
}

/** One partition of one incarnation of a topic: each is held to all of the invariants by itself. */
const keyOf = (of: Place): string =>
  of.incarnation === undefined ? keyOfName(of) : `${keyOfName(of)} of ${of.incarnation}`;

const inputsOf = (history: History): Map<string, Of<'input'>[]> =>
  Map.groupBy(
    history.filter(isA('input')).filter(({ absent }) => absent !== true),
    keyOf,
  );

const at = (tp: Place, offset: number): string => `${keyOf(tp)}@${offset}`;

/**
 * 1. A committed offset never passes a record whose result or dead letter is not in the output
 * log.
 */
export function nothingIsLost(history: History): string[] {
  const violations: string[] = [];
  const inputs = inputsOf(history);
  const done = new Set<string>();
  const checkedTo = new Map<string, number>();
  for (const event of history) {
    if (event.type === 'appended') done.add(at(event, event.offset));
    if (event.type !== 'committed') continue;
    const key = keyOf(event);
    const from = checkedTo.get(key) ?? 0;
    for (const { offset, skipped } of inputs.get(key) ?? []) {
      if (skipped === true || offset < from || offset >= event.next) continue;
      if (!done.has(at(event, offset))) {
        violations.push(`${key}: ${event.next} was committed before ${offset} had a result`);
      }
    }
    checkedTo.set(key, Math.max(from, event.next));
  }
  return violations;
}

/**
 * In one partition of one output, where results are in order and none is repeated within a lane.
 * Where lanes share it, only by one producer id: another lane's failure may bring a new one while a
 * copy by the old one is on its way.
 */
const placeOf = ({ into }: Pick<Of<'appended'>, 'into'>): string =>
  into === undefined ? '' : `${into.incarnation}/${into.partition} ${into.sender ?? ''}`;

/** 2. Within a lane, the results in each partition of the output appear in input order. */
export function resultsAreInOrder(history: History): string[] {
  const violations: string[] = [];
  const last = new Map<string, number>();
  for (const event of history.filter(isA('appended'))) {
    const lane = `${keyOf(event)} epoch ${event.epoch} ${event.kind} ${placeOf(event)}`;
    const before = last.get(lane) ?? -1;
    if (event.offset <= before) violations.push(`${lane}: ${event.offset} came after ${before}`);
    last.set(lane, event.offset);
  }
  return violations;
}

/**
 * 3. Nothing is committed for an ownership that has ended, and no offset goes back. A lane that
 * begins again, with a new epoch but without having ended, is still the same ownership.
 */
export function olderEpochsAreFenced(history: History): string[] {
  const violations: string[] = [];
  const owning = new Map<string, Set<number>>();
  const committed = new Map<string, number>();
  for (const event of history) {
    if (event.type !== 'owned' && event.type !== 'ended' && event.type !== 'committed') continue;
    if (event.type === 'ended') {
      // Of all topics that had the name: the group gives partitions by name.
      for (const [key, epochs] of owning) if (key.startsWith(keyOfName(event))) epochs.clear();
      continue;
    }
    const key = keyOf(event);
    const epochs = owning.get(key) ?? new Set();
    owning.set(key, epochs);
    if (event.type === 'owned') epochs.add(event.epoch);
    if (event.type !== 'committed') continue;
    if (!epochs.has(event.epoch)) {
      violations.push(
        `${key}: epoch ${event.epoch} committed; the owners were ${[...epochs].join() || 'nobody'}`,
      );
    }
    const before = committed.get(key) ?? 0;
    if (event.next < before) violations.push(`${key}: commit went back from ${before} to ${event.next}`);
    committed.set(key, event.next);
  }
  return violations;
}

/**
 * 4. A result repeats only if it was not committed when its lane was lost: never within a lane,
 * never a committed one. What went with an output that was deleted is not there to be repeated.
 */
export function repeatsAreDue(history: History): string[] {
  const violations: string[] = [];
  const committed = new Map<string, number>();
  const floor = new Map<string, number>();
  const seenInEpoch = new Set<string>();
  const seen = new Set<string>();
  for (const event of history) {
    if (event.type === 'committed') committed.set(keyOf(event), event.next);
    if (event.type === 'owned') floor.set(`${keyOf(event)} ${event.epoch}`, event.position);
    if (event.type !== 'appended') continue;
    const lane = `${keyOf(event)} ${event.epoch}`;
    const inLane = `${lane} ${event.offset} ${placeOf(event)}`;
    if (seenInEpoch.has(inLane))
      violations.push(`${at(event, event.offset)} has two results of epoch ${event.epoch}`);
    seenInEpoch.add(inLane);
    if (seen.has(at(event, event.offset)) && event.offset < (floor.get(lane) ?? 0)) {
      violations.push(`${at(event, event.offset)} was repeated below where its lane began`);
    }
    seen.add(at(event, event.offset));
  }
  return violations;
}

/** 4, for a run in which no ownership was lost and nothing crashed: exactly one result a record. */
export function nothingIsRepeated(history: History): string[] {
  const counts = new Map<string, number>();
  for (const event of history.filter(isA('appended'))) {
    const record = at(event, event.offset);
    counts.set(record, (counts.get(record) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([record, count]) => `${record} has ${count} results`);
}

/**
 * 5. What is held stays under the budget, and a lane is paused only when its own share is used
 * up.
 */
export function boundsHold(history: History): string[] {
  const violations: string[] = [];
  for (const event of history) {
    if (event.type === 'held' && event.bytes > event.budgetBytes) {
      violations.push(`${event.bytes} bytes were held, the budget is ${event.budgetBytes}`);
    }
    if (event.type === 'paused' && event.ownHeldBytes === 0) {
      violations.push(
        `${keyOf(event)} was paused although it held nothing of its share of ${event.shareBytes}`,
      );
    }
  }
  return violations;
}

/**
 * 6. At the end every lane has reached the end of its log, or the daemon says that it is not
 * ready.
 */
export function progressIsMadeOrAdmitted(history: History): string[] {
  return history
    .filter(isA('ended-run'))
    .filter(({ logEnd, committed, ready }) => committed < logEnd && ready)
    .map(
      (event) => `${keyOf(event)}: stands at ${event.committed} of ${event.logEnd} and claims to be ready`,
    );
}

/**
 * 7. Exactly the bad records are dead letters, and every other that is not skipped is scored.
 * For runs that reached the end.
 */
export function badRecordsCostOnlyThemselves(history: History): string[] {
  const violations: string[] = [];
  const kinds = new Map<string, Set<string>>();
  for (const event of history.filter(isA('appended'))) {
    const record = at(event, event.offset);
    kinds.set(record, (kinds.get(record) ?? new Set()).add(event.kind));
  }
  for (const input of [...inputsOf(history).values()].flat()) {
    const record = at(input, input.offset);
    const answer = input.bad === true ? 'deadLetter' : 'result';
    const expected = input.skipped === true ? 'nothing' : answer;
    const found = [...(kinds.get(record) ?? [])].join(' and ') || 'nothing';
    if (found !== expected) violations.push(`${record} should have become ${expected}, and became ${found}`);
  }
  return violations;
}

/** 8. Whenever a record is scored again, by whatever lane, the same bytes come out. */
export function sameInputGivesSameOutput(history: History): string[] {
  const violations: string[] = [];
  const values = new Map<string, string>();
  for (const event of history.filter(isA('appended'))) {
    if (event.value === undefined) continue;
    const record = at(event, event.offset);
    const before = values.get(record);
    if (before !== undefined && before !== event.value)
      violations.push(`${record}: ${before}, then ${event.value}`);
    values.set(record, event.value);
  }
  return violations;
}

/**
 * 9. An ownership is of one incarnation of a topic: it begins at an offset of that one, and all
 * that it answers and commits is of that one. (That each incarnation by itself keeps the other
 * invariants, they say themselves.)
 */
export function incarnationsAreApart(history: History): string[] {
  const violations: string[] = [];
  const owned = new Map<number, string | undefined>();
  const named = (incarnation: string | undefined): string => incarnation ?? 'no topic in particular';
  for (const event of history) {
    if (event.type === 'owned') {
      owned.set(event.epoch, event.incarnation);
      const { position, logEnd = position } = event;
      if (position > logEnd)
        violations.push(`${keyOf(event)}: a lane begins at ${position}, and the log ends at ${logEnd}`);
    }
    if (event.type !== 'appended' && event.type !== 'committed') continue;
    if (!owned.has(event.epoch) || owned.get(event.epoch) === event.incarnation) continue;
    const of = named(owned.get(event.epoch));
    violations.push(
      `${keyOf(event)}: epoch ${event.epoch}, which is of ${of}, has ${event.type} for ${named(event.incarnation)}`,
    );
  }
  return violations;
}

/**
 * A result that meets the condition of a route is in its topic before it is committed, with the
 * same bytes; in each partition of the route in order, and once in each ownership. No other is.
 */
export function routesAreKept(history: History): string[] {
  const violations: string[] = [];
  const wanted = new Map<string, Map<number, string>>();
  const routed = new Map<string, string>();
  const last = new Map<string, number>();
  for (const event of history) {
    if (event.type === 'appended' && event.meets === true) {
      const ofPartition = wanted.get(keyOf(event)) ?? new Map<number, string>();
      wanted.set(keyOf(event), ofPartition.set(event.offset, event.value ?? ''));
    }
    if (event.type === 'routed') {
      const lane = `${keyOf(event)} epoch ${event.epoch} ${placeOf(event)}`;
      const before = last.get(lane) ?? -1;
      if (event.offset <= before) violations.push(`${lane}: ${event.offset} was routed after ${before}`);
      last.set(lane, event.offset);
      routed.set(at(event, event.offset), event.value);
    }
    if (event.type !== 'committed') continue;
    for (const [offset, value] of wanted.get(keyOf(event)) ?? []) {
      if (offset >= event.next) continue;
      wanted.get(keyOf(event))?.delete(offset);
      const found = routed.get(at(event, offset));
      if (found !== value)
        violations.push(`${at(event, offset)} was committed, and its route has ${found ?? 'nothing'}`);
    }
  }
  return violations;
}

/** Sums of times differ by so much. */
const ROUNDING_MS = 1e-6;

/**
 * 10. A fetch that has emptied the log is followed by a rest, so that the next one has more to
 * carry; a rest takes at most half of the wanted latency, and no fetch begins in it.
 */
export function paceIsKept(history: History): string[] {
  const violations: string[] = [];
  const restUntilMs = new Map<string, number>();
  for (const event of history) {
    if (event.type === 'fetching' && event.atMs < (restUntilMs.get(event.process) ?? 0) - ROUNDING_MS)
      violations.push(`${event.process}: a fetch begins at ${event.atMs}, in a rest`);
    if (event.type !== 'paced') continue;
    const { process, atMs, emptied, targetMs } = event;
    restUntilMs.set(process, event.restUntilMs);
    const ms = event.restUntilMs - atMs;
    if (emptied && ms <= 0) violations.push(`${process}: no rest at ${atMs}, though the log is empty`);
    if (ms > targetMs / 2 + ROUNDING_MS)
      violations.push(`${process}: a rest of ${ms} ms, where ${targetMs} ms are wanted in all`);
  }
  return violations;
}

/** The checkers that hold in every run, whatever fails in it. */
export const ALWAYS = {
  nothingIsLost,
  resultsAreInOrder,
  olderEpochsAreFenced,
  repeatsAreDue,
  boundsHold,
  sameInputGivesSameOutput,
  incarnationsAreApart,
  paceIsKept,
  routesAreKept,
  progressIsMadeOrAdmitted,
};

export function violations(
  history: History,
  checkers: Record<string, (history: History) => string[]> = ALWAYS,
): string[] {
  return Object.entries(checkers).flatMap(([name, check]) =>
    check(history).map((words) => `${name}: ${words}`),
  );
}
