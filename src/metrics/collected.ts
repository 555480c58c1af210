// Metrics of prom-client whose values are read at the moment of a scrape: nothing is kept for them,
// and nothing is counted twice.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Buckets } from '../telemetry/buckets.ts';

export type Labels = Readonly<Record<string, string | number>>;

/** A value of a counter or a gauge. */
export type Sample = readonly [value: number, labels: Labels];
/** A histogram with its labels. */
export type Spread = readonly [buckets: Buckets, labels: Labels];

interface Named {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export function addCounter(registry: Registry, metric: Named, read: () => Iterable<Sample>): void {
  const counter = new Counter(options(registry, metric));
  const get = counter.get.bind(counter);
  counter.get = async () => ({ ...(await get()), values: [...read()].map(valueWith) });
}

export function addGauge(registry: Registry, metric: Named, read: () => Iterable<Sample>): void {
  const gauge = new Gauge(options(registry, metric));
  const get = gauge.get.bind(gauge);
  gauge.get = async () => ({ ...(await get()), values: [...read()].map(valueWith) });
}

/** prom-client asks a histogram by another method, for its text and for its values. */
interface Asked {
  getForPromString(): Promise<object>;
}

export function addHistogram(registry: Registry, metric: Named, read: () => Iterable<Spread>): void {
  const histogram = new Histogram(options(registry, metric)) as Histogram & Asked;
  const get = histogram.getForPromString.bind(histogram);
  histogram.getForPromString = async () => ({
    ...(await get()),
    values: [...read()].flatMap((spread) => bucketValues(metric.name, spread)),
  });
}

const options = (registry: Registry, { name, help, labels }: Named) => ({
  name,
  help,
  labelNames: labels,
  registers: [registry],
});

const valueWith = ([value, labels]: Sample) => ({ value, labels });

function bucketValues(name: string, [{ bounds, counts, sum }, labels]: Spread) {
  let below = 0;
  const buckets = [...bounds, '+Inf'].map((le, place) => {
    below += counts[place] as number;
    return { value: below, labels: { le, ...labels }, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { value: sum, labels, metricName: `${name}_sum` },
    { value: below, labels, metricName: `${name}_count` },
  ];
}
