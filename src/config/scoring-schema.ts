// The keys under `scoring`: worker threads, and the time and the memory that they may use.

import { z } from 'zod';
import { duration, size, wholeNumber } from './units.ts';

/** Each takes 50 MiB, and as much of a core as it can get. */
const WORKERS_MAX = 256;

export const scoring = z.strictObject({
  workers: z
    .union(
      [wholeNumber(1, WORKERS_MAX), z.literal('auto')],
      `expected auto, or a whole number from 1 to ${WORKERS_MAX}`,
    )
    .default('auto')
    .describe('Worker threads. auto: the cores but one, which the main thread needs, and at least one.'),
  predictRecords: wholeNumber(1, 65_536)
    .default(2048)
    .describe(
      'Rows of one predict call. Measured with 30-64-32-1, us a row at 512 and 2048: native 0.36 and 0.19, WASM 0.41 and 0.33.',
    ),
  deadline: duration('100ms', '8760h')
    .prefault('30s')
    .describe(
      'A task that takes longer ends its thread, and is scored again. One that several partitions share has an eighth of it, at ' +
        'least 2s: then each is scored alone.',
    ),
  memoryLimit: z
    .union(
      [z.literal('auto'), z.literal('none'), size('64MiB', '64TiB')],
      'expected auto, none, or a size from 64MiB to 64TiB',
    )
    .default('auto')
    .describe(
      'What the whole process may use. auto: the limit of its control group (container), if it has one. Where the defaults ' +
        'of scoring.workers, scoring.heapBytes, limits.inflatedBytes, lanes.budget, kafka.fetch.max.bytes and ' +
        'kafka.max.partition.fetch.bytes need more, smaller ones are taken; where that is not enough, exit 78 with the ' +
        'sum. none: not looked at.',
    ),
  heapBytes: size('64MiB', '1TiB')
    .prefault('2GiB')
    .describe('A thread whose JavaScript heap needs more is ended by Node, and its task is scored again.'),
  growthBytes: size('1MiB', '1TiB')
    .prefault('1GiB')
    .describe(
      'A thread is replaced between two tasks if its heap and buffers, without windows, have grown by so much.',
    ),
  growthTensors: wholeNumber(1, 1_000_000_000)
    .default(10_000)
    .describe(
      'A thread is also replaced if it keeps so many more tensors: the model or its runtime leaks them.',
    ),
});
