// A history of card transactions: customers with their own habits, terminals near them, and three
// kinds of fraud. It follows the simulator of Le Borgne, Siblini, Lebichot and Bontempi:
// Reproducible Machine Learning for Credit Card Fraud Detection - Practical Handbook, 2022, chapter
// 3.2. The method is theirs. The same seed always gives the same history here, but another one than
// in their program.

import type { LoadRecord } from './load-record.ts';
import { Random } from './random.ts';

export interface HistoryOptions {
  readonly seed: number;
  readonly customers: number;
  readonly terminals: number;
  /** Midnight of the first day. */
  readonly startMs: number;
}

/**
 * One transaction. `scenario`: 0 genuine, 1 a large amount, 2 a compromised terminal, 3 a stolen
 * card.
 */
export interface Transaction {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly customer: string;
  readonly terminal: string;
  readonly amount: number;
  readonly fraud: 0 | 1;
  readonly scenario: 0 | 1 | 2 | 3;
}

interface Customer {
  readonly name: string;
  readonly meanAmount: number;
  readonly perDay: number;
  /** The indexes of the terminals within reach. */
  readonly terminals: readonly number[];
}

/** The place of a terminal. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly index: number;
}

const DAY_S = 86_400;
/** The side of the square in which everybody lives, and how far a customer goes. */
const SIDE = 100;
const REACH = 5;
const NOON_S = DAY_S / 2;
const SPREAD_S = 20_000;
const LARGE_AMOUNT = 220;
const COMPROMISED = { eachDay: 2, days: 28 };
const STOLEN = { eachDay: 3, days: 14, share: 1 / 3, factor: 5 };

/** An endless history, in the order of time. */
export function* generateHistory(options: HistoryOptions): Generator<Transaction> {
  const random = new Random(options.seed);
  const customers = population(options, random);
  const compromisedUntil = new Map<number, number>();
  const stolenUntil = new Map<number, number>();
  let id = 0;
  for (let day = 0; ; day++) {
    for (let count = 0; count < COMPROMISED.eachDay; count++)
      compromisedUntil.set(random.below(options.terminals), day + COMPROMISED.days);
    for (let count = 0; count < STOLEN.eachDay; count++)
      stolenUntil.set(random.below(options.customers), day + STOLEN.days);
    const today: Omit<Transaction, 'id'>[] = [];
    for (const [index, customer] of customers.entries()) {
      const isStolen = (stolenUntil.get(index) ?? 0) > day;
      for (let left = poisson(customer.perDay, random); left > 0; left--) {
        const second = Math.floor(NOON_S + SPREAD_S * random.normal());
        if (second <= 0 || second >= DAY_S || customer.terminals.length === 0) continue;
        const terminal = customer.terminals[random.below(customer.terminals.length)] as number;
        let amount = amountOf(customer, random);
        let scenario: Transaction['scenario'] = 0;
        if (amount > LARGE_AMOUNT) scenario = 1;
        if ((compromisedUntil.get(terminal) ?? 0) > day) scenario = 2;
        if (isStolen && random.next() < STOLEN.share) {
          amount = rounded(amount * STOLEN.factor);
          scenario = 3;
        }
        today.push({
          at: options.startMs + (day * DAY_S + second) * 1_000,
          customer: customer.name,
          terminal: `t${terminal}`,
          amount,
          fraud: scenario === 0 ? 0 : 1,
          scenario,
        });
      }
    }
    today.sort((left, right) => left.at - right.at);
    for (const transaction of today) yield { id: id++, ...transaction };
  }
}

/**
 * The same history as records of the load source, with the customer as the key. The time of a
 * transaction is in the field `at`, because Kafka deletes records by their timestamps.
 */
export function* historyRecords(options: HistoryOptions): Generator<LoadRecord> {
  for (const value of generateHistory(options)) {
    yield { key: value.customer, value: { ...value } };
  }
}

function population({ customers, terminals }: HistoryOptions, random: Random): Customer[] {
  const places = Array.from(
    { length: terminals },
    (_, index): Place => ({
      x: SIDE * random.next(),
      y: SIDE * random.next(),
      index,
    }),
  );
  const inColumns = Map.groupBy(places, ({ x }) => Math.floor(x / REACH));
  return Array.from({ length: customers }, (_, number) => {
    const [x, y] = [SIDE * random.next(), SIDE * random.next()];
    const column = Math.floor(x / REACH);
    const around = [column - 1, column, column + 1].flatMap((each) => inColumns.get(each) ?? []);
    const away = (terminal: Place): number => Math.hypot(terminal.x - x, terminal.y - y);
    const near = around.filter((terminal) => away(terminal) < REACH);
    // A customer who lives far from all terminals goes to the nearest one.
    const [nearest] = near.length > 0 ? near : places.toSorted((left, right) => away(left) - away(right));
    return {
      name: `c${number}`,
      meanAmount: 5 + 95 * random.next(),
      perDay: 4 * random.next(),
      terminals: (near.length > 0 || nearest === undefined ? near : [nearest]).map(({ index }) => index),
    };
  });
}

function amountOf({ meanAmount }: Customer, random: Random): number {
  const amount = meanAmount + (meanAmount / 2) * random.normal();
  return rounded(amount < 0 ? 2 * meanAmount * random.next() : amount);
}

const rounded = (amount: number): number => Math.round(amount * 100) / 100;

/** Knuth's method: good for small means. */
function poisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}
