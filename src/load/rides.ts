// Generates rides in the regions of a city. How many people ask for one follows the hour and sudden
// events, and the price that they accept follows how many ask.

import type { LoadRecord } from './load-record.ts';
import { Random } from './random.ts';

export interface Ride {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly region: string;
  readonly product: string;
  /** The region and the product: each market has a price level of its own. */
  readonly market: string;
  readonly distanceKm: number;
  /** What was paid: what a model is trained to guess. */
  readonly price: number;
}

interface Region {
  readonly name: string;
  /** Rides a second at a usual hour. */
  readonly perSecond: number;
  readonly priceLevel: number;
  /** How many times as many people ask now, and for how many seconds still. */
  event: number;
  eventSeconds: number;
}

const REGIONS = 40;
const PRODUCTS = [
  { name: 'shared', base: 2, perKm: 0.9 },
  { name: 'economy', base: 3, perKm: 1.4 },
  { name: 'comfort', base: 5, perKm: 2.1 },
] as const;
/** The chance of an event in a region, each second, and how long it lasts. */
const EVENT_CHANCE = 1 / 10_000;
const EVENT_SECONDS = { least: 900, more: 2_700 };
/** How fast demand, as prices see it, follows the rides. */
const MEMORY_SECONDS = 600;
const HOUR_S = 3_600;

/** An endless stream of rides, in the order of time. */
export function* generateRides(seed: number, startMs: number): Generator<Ride> {
  const random = new Random(seed);
  const regions = Array.from(
    { length: REGIONS },
    (_, number): Region => ({
      name: `r${number}`,
      perSecond: 0.01 + 0.04 * random.next(),
      priceLevel: 0.8 + 0.4 * random.next(),
      event: 1,
      eventSeconds: 0,
    }),
  );
  const demand = Float64Array.from(regions, ({ perSecond }) => perSecond);
  for (let second = 0, id = 0; ; second++) {
    const usual = byHour((second / HOUR_S) % 24);
    for (const [index, region] of regions.entries()) {
      nextEvent(region, random);
      const rate = region.perSecond * usual * region.event;
      const asks = random.next() < rate;
      demand[index] = (demand[index] as number) + (Number(asks) - (demand[index] as number)) / MEMORY_SECONDS;
      if (!asks) continue;
      const product = PRODUCTS[random.below(PRODUCTS.length)] as (typeof PRODUCTS)[number];
      const distanceKm = rounded(Math.exp(1.5 + 0.6 * random.normal()));
      const surge = Math.min(3, Math.max(0.8, (demand[index] as number) / region.perSecond));
      const fair = (product.base + product.perKm * distanceKm) * region.priceLevel * surge;
      yield {
        id: id++,
        at: startMs + second * 1_000 + index,
        region: region.name,
        product: product.name,
        market: `${region.name}/${product.name}`,
        distanceKm,
        price: rounded(fair * Math.exp(0.08 * random.normal())),
      };
    }
  }
}

/** The region as the key: so all rides of a market are in one partition too. */
export function* rideRecords(seed: number, startMs: number): Generator<LoadRecord> {
  for (const value of generateRides(seed, startMs)) yield { key: value.region, value: { ...value } };
}

/** Two peaks a day, and quiet nights. */
const byHour = (hour: number): number =>
  0.4 + Math.exp(-((hour - 8.5) ** 2) / 4) + 1.1 * Math.exp(-((hour - 18) ** 2) / 6);

function nextEvent(region: Region, random: Random): void {
  if (region.eventSeconds > 0) {
    if (--region.eventSeconds === 0) region.event = 1;
  } else if (random.next() < EVENT_CHANCE) {
    region.event = 2 + 2 * random.next();
    region.eventSeconds = EVENT_SECONDS.least + random.below(EVENT_SECONDS.more);
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
