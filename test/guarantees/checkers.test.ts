// Each checker is seen to fail on a planted fault, and to pass on the same history without it.

import test from 'ava';
import * as checkers from './checkers.ts';
import type { History, HistoryEvent } from './history.ts';

const tp = { topic: 'in', partition: 0 };
const input = (offset: number, more: { bad?: boolean; skipped?: boolean } = {}): HistoryEvent => ({
  type: 'input',
  offset,
  ...more,
  ...tp,
});
const owned = (epoch: number, position = 0): HistoryEvent => ({ type: 'owned', epoch, position, ...tp });
const lost = (epoch: number): HistoryEvent => ({ type: 'ended', epoch, why: 'lost', ...tp });
const appended = (
  offset: number,
  epoch = 1,
  kind: 'result' | 'deadLetter' = 'result',
  value = `score of ${offset}`,
): HistoryEvent => ({ type: 'appended', epoch, offset, kind, value, ...tp });
const committed = (next: number, epoch = 1): HistoryEvent => ({ type: 'committed', epoch, next, ...tp });
const of = (incarnation: string, event: HistoryEvent): HistoryEvent =>
  ({ ...event, incarnation }) as HistoryEvent;
const ended = (committedTo: number, ready: boolean): HistoryEvent => ({
  type: 'ended-run',
  logEnd: 2,
  committed: committedTo,
  ready,
  ...tp,
});

const paced = (atMs: number, restUntilMs: number) =>
  ({ type: 'paced', process: 'p', atMs, emptied: true, restUntilMs, targetMs: 20 }) as const;

const sound: History = [
  input(0),
  input(1),
  owned(1),
  appended(0),
  appended(1),
  { type: 'held', bytes: 10, budgetBytes: 10 },
  { type: 'paused', ownHeldBytes: 5, shareBytes: 5, ...tp },
  { type: 'fetching', process: 'p', atMs: 1 },
  paced(5, 15),
  { type: 'fetching', process: 'p', atMs: 15 },
  { ...paced(16, 0), emptied: false },
  committed(2),
  ended(2, true),
];

const routed = (offset: number, epoch = 1, value = `score of ${offset}`): HistoryEvent => ({
  type: 'routed',
  epoch,
  offset,
  value,
  ...tp,
});
const meeting = (offset: number): HistoryEvent => ({ ...appended(offset), meets: true }) as HistoryEvent;

test('a route that has not all results, other bytes, or results twice or in another order is seen', (t) => {
  const kept: History = [
    input(0),
    owned(1),
    meeting(0),
    meeting(1),
    appended(2),
    routed(0),
    routed(1),
    committed(3),
  ];
  t.deepEqual(checkers.routesAreKept(kept), []);
  for (const wrong of [
    kept.filter((event) => event.type !== 'routed' || event.offset !== 1),
    kept.map((event) => (event.type === 'routed' ? { ...event, value: 'another' } : event)),
    [...kept, routed(1)],
    [...kept.slice(0, 5), routed(1), routed(0), committed(3)],
    [...kept.slice(0, 5), committed(3), routed(0), routed(1)],
  ])
    t.true(checkers.routesAreKept(wrong).length > 0);
});

const all = {
  ...checkers.ALWAYS,
  nothingIsRepeated: checkers.nothingIsRepeated,
  badRecordsCostOnlyThemselves: checkers.badRecordsCostOnlyThemselves,
};

test('a sound history violates nothing', (t) => {
  t.deepEqual(checkers.violations(sound, all), []);
});

const planted: Record<string, { check: (history: History) => string[]; history: History }> = {
  'a commit that passes a record without a result': {
    check: checkers.nothingIsLost,
    history: [input(0), input(1), owned(1), appended(0), committed(2)],
  },
  'a commit before the result is in the log': {
    check: checkers.nothingIsLost,
    history: [input(0), owned(1), committed(1), appended(0)],
  },
  'results in the order in which scorers finished': {
    check: checkers.resultsAreInOrder,
    history: [input(0), input(1), owned(1), appended(1), appended(0)],
  },
  'a commit of a lane that was lost': {
    check: checkers.olderEpochsAreFenced,
    history: [input(0), owned(1), appended(0), lost(1), committed(1, 1)],
  },
  'a commit of an older epoch after the partition came back': {
    check: checkers.olderEpochsAreFenced,
    history: [input(0), owned(1), appended(0), lost(1), owned(2), committed(1, 1)],
  },
  'a commit that goes back': {
    check: checkers.olderEpochsAreFenced,
    history: [input(0), input(1), owned(1), appended(0), appended(1), committed(2), committed(1)],
  },
  'a record scored twice by one lane': {
    check: checkers.repeatsAreDue,
    history: [input(0), owned(1), appended(0), appended(0)],
  },
  'a repeat of what lies below the start of the lane': {
    check: checkers.repeatsAreDue,
    history: [input(0), owned(1), appended(0), committed(1), lost(1), owned(2, 1), appended(0, 2)],
  },
  'a repeat although nothing was lost': {
    check: checkers.nothingIsRepeated,
    history: [input(0), owned(1), appended(0), owned(2), appended(0, 2)],
  },
  'more bytes than the budget': {
    check: checkers.boundsHold,
    history: [{ type: 'held', bytes: 11, budgetBytes: 10 }],
  },
  'a lane paused for the sake of another': {
    check: checkers.boundsHold,
    history: [{ type: 'paused', ownHeldBytes: 0, shareBytes: 5, ...tp }],
  },
  'a silent stall': { check: checkers.progressIsMadeOrAdmitted, history: [ended(1, true)] },
  'a neighbour of a bad record that was dropped with it': {
    check: checkers.badRecordsCostOnlyThemselves,
    history: [input(0), input(1, { bad: true }), appended(1, 1, 'deadLetter')],
  },
  'a record that was to be skipped and was scored': {
    check: checkers.badRecordsCostOnlyThemselves,
    history: [input(0, { skipped: true }), appended(0)],
  },
  'a bad record that was scored': {
    check: checkers.badRecordsCostOnlyThemselves,
    history: [input(0, { bad: true }), appended(0)],
  },
  'an answer of a lane of the old topic for a record of the new one': {
    check: checkers.incarnationsAreApart,
    history: [of('b', input(0)), of('a', owned(1)), of('b', appended(0))],
  },
  'a commit that does not say of which topic it is': {
    check: checkers.incarnationsAreApart,
    history: [of('a', input(0)), of('a', owned(1)), committed(1)],
  },
  'a lane that begins in the new topic where the old one was': {
    check: checkers.incarnationsAreApart,
    history: [{ type: 'owned', epoch: 1, position: 6, logEnd: 1, incarnation: 'b', ...tp }],
  },
  'answers of the old topic in the place of those of the new one': {
    check: checkers.nothingIsLost,
    history: [of('b', input(0)), of('a', appended(0)), of('b', committed(1))],
  },
  'a fetch in the middle of a rest': {
    check: checkers.paceIsKept,
    history: [paced(5, 15), { type: 'fetching', process: 'p', atMs: 14 }],
  },
  'no rest, though the log is empty': { check: checkers.paceIsKept, history: [paced(5, 5)] },
  'a rest that takes more of the wanted latency than its half': {
    check: checkers.paceIsKept,
    history: [paced(5, 16)],
  },
  'two different scores of one record': {
    check: checkers.sameInputGivesSameOutput,
    history: [appended(0, 1, 'result', '0.1'), appended(0, 2, 'result', '0.2')],
  },
};

for (const [fault, { check, history }] of Object.entries(planted)) {
  test(`${check.name} fails on ${fault}`, (t) => {
    t.true(check(history).length > 0);
  });
}
