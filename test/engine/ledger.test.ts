// The ledger asserts what it is told: the faults that would lose or reorder records are refused
// where they happen.

import test from 'ava';
import { Ledger } from '../../src/engine/ledger.ts';
import { startingAt } from '../../src/log/offset.ts';
import { NO_OUTCOME as scored } from '../../src/scoring/outcome.ts';

const entry = (id: number, first: number, next: number) => ({
  id,
  first: startingAt(first),
  next: startingAt(next),
  bytes: 10,
  arrivedAtMs: 0,
});

function ledgerWith(...entries: ReturnType<typeof entry>[]): Ledger {
  const ledger = new Ledger(startingAt(0));
  for (const each of entries) ledger.open({ ...each, batches: [] });
  return ledger;
}

test('what is committable moves only when the oldest is acknowledged', (t) => {
  const ledger = ledgerWith(entry(1, 0, 5), entry(2, 5, 9));
  ledger.scored(2, scored);
  t.is(ledger.takeProducible(), undefined, 'the older one is not scored yet');
  ledger.scored(1, scored);
  t.is(ledger.takeProducible()?.entry.id, 1);
  t.is(ledger.takeProducible(), undefined, 'one at a time');
  t.is<number, number>(ledger.committable, 0);
  ledger.acknowledged(1);
  t.is<number, number>(ledger.committable, 5);
  t.is(ledger.bytes, 10);
});

test('a gap, an empty range, a double answer and a commit beyond what is acknowledged are refused', (t) => {
  t.throws(() => ledgerWith(entry(1, 1, 5)), { message: /leaves a gap/ });
  t.throws(() => ledgerWith(entry(1, 0, 0)), { message: /covers no offset/ });
  const ledger = ledgerWith(entry(1, 0, 5));
  t.throws(() => ledger.acknowledged(1), { message: /wrong stage/ });
  ledger.scored(1, scored);
  t.throws(() => ledger.scored(1, scored), { message: /wrong stage/ });
  t.throws(() => ledger.scored(7, scored), { message: /not in the ledger/ });
  t.throws(() => ledger.confirmed(startingAt(1)), { message: /only 0 may be/ });
});

test('confirmations may arrive out of order, and never take the committed offset back', (t) => {
  const ledger = ledgerWith(entry(1, 0, 5));
  ledger.scored(1, scored);
  ledger.takeProducible();
  ledger.acknowledged(1);
  ledger.confirmed(startingAt(5));
  ledger.confirmed(startingAt(3));
  t.is<number, number>(ledger.committed, 5);
});

test('a micro-batch that was not acknowledged is produced again', (t) => {
  const ledger = ledgerWith(entry(1, 0, 5));
  ledger.scored(1, scored);
  ledger.takeProducible();
  ledger.notProduced(1);
  t.is(ledger.takeProducible()?.entry.id, 1);
});

test('all that is scored in a row is produced together where that is wanted; what was tried once stays what it was', (t) => {
  const ledger = ledgerWith(entry(1, 0, 5), entry(2, 5, 9), entry(3, 9, 12), entry(4, 12, 13));
  for (const id of [1, 2, 4]) ledger.scored(id, { ...scored, scored: id });
  const first = ledger.takeProducible(true);
  t.like(first?.entry, { id: 1, first: 0, next: 9, bytes: 20 });
  t.is(first?.outcome.scored, 1 + 2);
  ledger.notProduced(1);
  ledger.scored(3, scored);
  t.is(ledger.takeProducible(true)?.outcome, first?.outcome, 'a transaction may have written it after all');
  ledger.acknowledged(1);
  t.is<number, number>(ledger.committable, 9);
  t.like(ledger.takeProducible(true)?.entry, { id: 3, next: 13 });
  ledger.acknowledged(3);
  t.is(ledger.bytes, 0);
});

test('of many that are produced together the last says how far they go, and all of their batches go along', (t) => {
  const ledger = ledgerWith(entry(1, 0, 5), entry(2, 5, 9), entry(3, 9, 12));
  for (const id of [3, 2, 1]) ledger.scored(id, { ...scored, scored: id });
  const all = ledger.takeProducible(true);
  t.like(all?.entry, { id: 1, first: 0, next: 12, bytes: 30 });
  t.is(all?.outcome.scored, 6);
  t.is(ledger.inFlight, 1);
});
