// The memory that the daemon may need, as a sum over the configuration. A limit is kept by choosing
// values, or the daemon refuses to start. The figures of the runtime are measured
// (docs/decisions/0017).

import type { Backend } from '../model/predictor.ts';
import type { Config } from './schema.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;

export interface MemoryFacts {
  readonly backend: Backend;
  /**
   * The partitions of the input: one daemon may own all of them. Of several jobs: as if each had as
   * many as the one with the most.
   */
  readonly partitions: number;
  /** Each job fetches by itself; they have all else together. */
  readonly jobs: number;
  /** The number of worker threads if the configuration says auto. */
  readonly workers: number;
}

export interface MemoryItem {
  readonly what: string;
  readonly bytes: number;
}

/** Node, the main thread with its heap, and what a backend loads once. */
const RUNTIME_BYTES: Readonly<Record<Backend, number>> = {
  native: 490 * MIB,
  wasm: 190 * MIB,
  cpu: 190 * MIB,
  onnx: 190 * MIB,
};
/** A worker thread, without its heap and its buffers. */
const THREAD_BYTES = 50 * MIB;
/** What a start needs whatever the sizes are: nothing of it can be made smaller. */
export const leastBytes = (backend: Backend, workers: number): number =>
  RUNTIME_BYTES[backend] + workers * THREAD_BYTES;

/** The thread of HTTP, without the bodies that it has. */
const HTTP_BYTES = 40 * MIB;

/** A response is put together from received chunks, so for a moment it is there twice. */
const COPIES_OF_A_FETCH = 2;
/** As it came, and as it is to be scored. */
const COPIES_OF_A_BODY = 2;
/** Results that wait for their acknowledgement take at most half as much as their records. */
const RESULT_SHARE = 1 / 2;
/** Memory that no other line covers: pages that the allocators keep, sockets in the kernel. */
const SPARE_SHARE = 1 / 16;

/** Derived values are never smaller: less would stop the daemon, or make it crawl. */
const LEAST: Sizes = {
  heapBytes: 64 * MIB,
  inflatedBytes: 32 * MIB,
  budgetBytes: 16 * MIB,
  fetchBytes: 4 * MIB,
  partitionBytes: 256 * KIB,
};
/** How many fetches a lane's share of the budget should hold. */
const FETCHES_PER_SHARE = 2;

/** The limit cannot be kept. This holds the sum, line by line, and what can be done. */
export interface Misfit {
  readonly lines: readonly string[];
}

export interface Fit {
  /** With values derived from the limit in place of defaults. */
  readonly config: Config;
  readonly items: readonly MemoryItem[];
}

/** What the daemon needs at most with these values. `scoring.workers` is a number by now. */
export function memoryItems(
  config: Config,
  { backend, partitions, jobs, workers }: MemoryFacts,
): MemoryItem[] {
  const { scoring, lanes, limits, microBatch, kafka, http } = config;
  const partitionBytes = kafka['max.partition.fetch.bytes'];
  const smallest = partitions * partitionBytes;
  const records = Math.max(lanes.budget, smallest);
  const why =
    smallest > lanes.budget
      ? `${partitions} partitions of kafka.max.partition.fetch.bytes, ${inMib(partitionBytes)}`
      : 'lanes.budget';
  const fetches = jobs > 1 ? `for each of ${jobs} jobs a fetch` : 'a fetch';
  const task = microBatch.bytes + limits.resultBatchBytes;
  return [
    { what: `the process, with the backend ${backend} loaded`, bytes: RUNTIME_BYTES[backend] },
    {
      what: `${workers} worker threads of ${inMib(THREAD_BYTES)} (scoring.workers)`,
      bytes: workers * THREAD_BYTES,
    },
    {
      what: `their heaps of ${inMib(scoring.heapBytes)} (scoring.heapBytes)`,
      bytes: workers * scoring.heapBytes,
    },
    {
      what: `a batch in each, inflated to ${inMib(limits.inflatedBytes)} (limits.inflatedBytes)`,
      bytes: workers * limits.inflatedBytes,
    },
    {
      what: `a task in each, of ${inMib(task)} (microBatch.bytes, limits.resultBatchBytes)`,
      bytes: workers * task,
    },
    {
      what: `${fetches} of ${inMib(kafka['fetch.max.bytes'])} that comes in, twice (kafka.fetch.max.bytes)`,
      bytes: jobs * COPIES_OF_A_FETCH * kafka['fetch.max.bytes'],
    },
    { what: `record batches that wait or are in flight (${why})`, bytes: records },
    { what: 'their results', bytes: records * RESULT_SHARE },
    ...httpItems(http),
  ];
}

function httpItems({ listen, inference, queueBytes, bodyBytes }: Config['http']): MemoryItem[] {
  if (listen === 'none') return [];
  const thread = { what: 'the thread of HTTP (http.listen)', bytes: HTTP_BYTES };
  if (!inference) return [thread];
  const what =
    'bodies of requests that wait or are scored, in two threads (http.queueBytes, or one of http.bodyBytes)';
  return [thread, { what, bytes: COPIES_OF_A_BODY * Math.max(queueBytes, bodyBytes) }];
}

export const sumOf = (items: readonly MemoryItem[]): number =>
  items.reduce((sum, { bytes }) => sum + bytes, 0);

/** The sum, as lines of text. */
export const memoryLines = (items: readonly MemoryItem[]): string[] =>
  [...items, { what: 'in all', bytes: sumOf(items) }].map(
    ({ what, bytes }) => `${inMib(bytes).padStart(10)}  ${what}`,
  );

const inMib = (bytes: number): string => `${Math.round(bytes / (MIB / 10)) / 10} MiB`;

/**
 * Keeps the limit by changing values that nobody has set: first fewer threads, then smaller heaps,
 * fetches and budget. A value stays if `isGiven` says that it was set.
 */
export function fitMemory(
  config: Config,
  isGiven: (key: string) => boolean,
  facts: MemoryFacts,
  limitBytes: number,
): Fit | Misfit {
  const usable = limitBytes * (1 - SPARE_SHARE);
  const mostWorkers = config.scoring.workers === 'auto' ? facts.workers : config.scoring.workers;
  const leastWorkers = config.scoring.workers === 'auto' ? 1 : mostWorkers;
  // Unchanged, if there is room for it.
  const whole = sized(config, mostWorkers, LEAST, () => true);
  const wholeItems = memoryItems(whole, { ...facts, workers: mostWorkers });
  if (sumOf(wholeItems) <= usable) return { config: whole, items: wholeItems };
  for (let workers = mostWorkers; workers >= leastWorkers; workers--) {
    const least = sized(config, workers, LEAST, isGiven);
    const room = usable - sumOf(memoryItems(least, { ...facts, workers }));
    if (room < 0) continue;
    const sizes = sizesFor(room, workers, facts);
    const fitted = sized(config, workers, sizes, isGiven);
    return { config: fitted, items: memoryItems(fitted, { ...facts, workers }) };
  }
  const items = memoryItems(sized(config, leastWorkers, LEAST, isGiven), { ...facts, workers: leastWorkers });
  return {
    lines: [
      `${inMib(limitBytes)} of memory are too few for this configuration, which may need:`,
      ...memoryLines(items),
      `${inMib(limitBytes - usable).padStart(10)}  of the limit are left free for allocators and sockets`,
      // Indented like the sum: it belongs to the one thing that is wrong.
      '  Give it more memory, or set the keys in brackets lower (or leave them out, to be derived); scoring.memoryLimit=none ' +
        'starts without looking',
    ],
  };
}

interface Sizes {
  readonly heapBytes: number;
  readonly inflatedBytes: number;
  readonly budgetBytes: number;
  readonly fetchBytes: number;
  readonly partitionBytes: number;
}

/**
 * Shares out what the least values leave: half to records and results, one eighth to fetches, one
 * eighth to inflated data.
 */
function sizesFor(room: number, workers: number, { partitions, jobs }: MemoryFacts): Sizes {
  const leastRecords = Math.max(LEAST.budgetBytes, partitions * LEAST.partitionBytes);
  const budgetBytes = leastRecords + Math.floor(room / 2 / (1 + RESULT_SHARE));
  const share = budgetBytes / partitions / FETCHES_PER_SHARE;
  return {
    budgetBytes,
    partitionBytes: Math.max(LEAST.partitionBytes, Math.floor(share)),
    fetchBytes: LEAST.fetchBytes + Math.floor(room / 8 / COPIES_OF_A_FETCH / jobs),
    inflatedBytes: LEAST.inflatedBytes + Math.floor(room / 8 / workers),
    heapBytes: LEAST.heapBytes + Math.floor(room / 4 / workers),
  };
}

/**
 * The configuration with these sizes where nobody has set others. Sizes never exceed the defaults.
 */
function sized(config: Config, workers: number, sizes: Sizes, isGiven: (key: string) => boolean): Config {
  const { scoring, lanes, limits, kafka } = config;
  const derived = (key: string, byDefault: number, bytes: number): number =>
    isGiven(key) ? byDefault : Math.min(byDefault, bytes);
  return {
    ...config,
    scoring: {
      ...scoring,
      workers,
      heapBytes: derived('scoring.heapBytes', scoring.heapBytes, sizes.heapBytes),
    },
    lanes: { ...lanes, budget: derived('lanes.budget', lanes.budget, sizes.budgetBytes) },
    limits: {
      ...limits,
      inflatedBytes: derived('limits.inflatedBytes', limits.inflatedBytes, sizes.inflatedBytes),
    },
    kafka: {
      ...kafka,
      'fetch.max.bytes': derived('kafka.fetch.max.bytes', kafka['fetch.max.bytes'], sizes.fetchBytes),
      'max.partition.fetch.bytes': derived(
        'kafka.max.partition.fetch.bytes',
        kafka['max.partition.fetch.bytes'],
        sizes.partitionBytes,
      ),
    },
  };
}
