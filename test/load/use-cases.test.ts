// The generated streams of the use cases: in order, the same for the same seed, and with what their
// models are to find in them.

import test from 'ava';
import { generateRides, type Ride } from '../../src/load/rides.ts';
import { generateReadings, type Reading } from '../../src/load/sensors.ts';
import { generateViews, type View } from '../../src/load/views.ts';

const START_MS = Date.UTC(2026, 0, 1);
const STREAMS = { readings: generateReadings, views: generateViews, rides: generateRides } as const;

const some = <T>(stream: Iterator<T>, count: number): T[] =>
  Array.from({ length: count }, () => stream.next().value as T);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

for (const [name, generate] of Object.entries(STREAMS))
  test(`${name} come in the order of time, with ids that count up, the same for the same seed`, (t) => {
    const records = some<Reading | View | Ride>(generate(1, START_MS), 2_000);
    t.true(records.every(({ at }, index) => at >= (records[index - 1]?.at ?? START_MS)));
    t.true(records.every(({ id }, index) => id === index));
    t.deepEqual(some<Reading | View | Ride>(generate(1, START_MS), 2_000), records);
    t.notDeepEqual(some<Reading | View | Ride>(generate(2, START_MS), 2_000), records);
  });

test('sensors of sound machines follow their load together; a leak takes pressure at the same load', (t) => {
  const readings = some(generateReadings(1, START_MS), 300_000);
  /** How far the pressure is from what the current says of the load. */
  const lacks = ({ pressure, current }: Reading): number => Math.abs(4 + (3 * (current - 8)) / 14 - pressure);
  const of = (fault: Reading['fault']): Reading[] => readings.filter((reading) => reading.fault === fault);
  t.true(mean(of(0).map(lacks)) < 0.1);
  t.true(mean(of(2).map(lacks)) > 0.3);
  for (const fault of [1, 2, 3] as const)
    t.true(of(fault).length > 0 && of(fault).length < readings.length / 20);
});

test('a user goes from an item to another one, and likes some items more than others do', (t) => {
  const views = some(generateViews(1, START_MS), 20_000);
  t.true(views.every(({ item, next }) => item !== next));
  const shareOf = (own: readonly View[]): number => {
    const counts = [...Map.groupBy(own, ({ next }) => next).values()].map(({ length }) => length);
    return mean(counts.sort((a, b) => b - a).slice(0, 3)) / own.length;
  };
  const users = [...Map.groupBy(views, ({ user }) => user).values()];
  t.true(mean(users.map(shareOf)) > 2 * shareOf(views));
});

test('a ride in an event costs more than the same ride before', (t) => {
  const rides = some(generateRides(1, START_MS), 40_000).filter(({ product }) => product === 'economy');
  const perKm = ({ price, distanceKm }: Ride): number => price / (3 + 1.4 * distanceKm);
  const spread = [...Map.groupBy(rides, ({ region }) => region).values()].map((own) => {
    const prices = own.map(perKm).sort((a, b) => a - b);
    return (
      (prices[Math.floor(0.95 * prices.length)] as number) /
      (prices[Math.floor(0.05 * prices.length)] as number)
    );
  });
  t.true(mean(spread) > 2);
});
