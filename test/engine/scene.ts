// A memory log with instances of the engine and its driver on it: scorers that finish out of order,
// a sink that fails now and then. It writes down the history that the checkers of the invariants
// read.

import { systemClock } from '../../src/daemon/engine-limits.ts';
import { budgetBytes } from '../../src/engine/credits.ts';
import { Driver } from '../../src/engine/driver.ts';
import { heldBytes } from '../../src/engine/lane.ts';
import type { EngineLimits } from '../../src/engine/limits.ts';
import { Random } from '../../src/load/random.ts';
import { type ResultBatch, type Sink, SinkError } from '../../src/log/ports.ts';
import { keyOf } from '../../src/log/topic-partition.ts';
import { MemoryBroker } from '../../src/memory/broker.ts';
import { MemorySink } from '../../src/memory/sink.ts';
import { MemorySource } from '../../src/memory/source.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { NO_OUTCOME, type Outcome } from '../../src/scoring/outcome.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { COUNTER } from '../support/model.ts';
import { batchOf, recordsIn } from '../support/records.ts';
import { until } from '../support/until.ts';

const PARTITIONS = 3;
export const limits: EngineLimits = {
  microBatch: { recordsMax: 20, bytesMax: 4_000, lingerMs: 1 },
  latencyTargetMs: 4,
  inFlightMax: 3,
  scoringMax: 4,
  budgetBytes: 40_000,
  fetchBytesMax: 2_000,
  commitIntervalMs: 5,
  retryMs: 1,
  retryMsMax: 10,
  stallAfterMs: 60_000,
  producesTogether: false,
  flood: { share: 1, recordsMin: 1_000 },
};

/** What is released is used again at once: whoever reads it still would find this. */
export const scribble = (outputs: readonly ResultBatch[]): void => {
  for (const { bytes } of outputs) bytes.fill(0xff);
};

export class Scene {
  readonly history: HistoryEvent[] = [];
  readonly broker = new MemoryBroker();
  readonly random: Random;
  failing = false;
  #epochs = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.broker.createTopic('in', PARTITIONS);
    this.broker.createTopic('out', PARTITIONS);
  }

  append(count: number): void {
    for (let each = 0; each < count; each++) {
      const partition = this.random.below(PARTITIONS);
      const from = this.broker.partition({ topic: 'in', partition }).logEnd as number;
      const records = Array.from({ length: 1 + this.random.below(12) }, (_, index) => ({
        key: 'k',
        value: `${from + index}`,
      }));
      records.forEach((_record, index) => {
        this.history.push({ type: 'input', offset: from + index, topic: 'in', partition });
      });
      this.broker.append(batchOf('in', partition, records));
    }
  }

  /**
   * Finishes after a random while; the one output names, as its values, the offsets it holds
   * results for.
   */
  async score(microBatch: MicroBatch): Promise<Outcome> {
    await new Promise((resolve) => setTimeout(resolve, this.random.below(4)));
    const { partition, batches, first } = microBatch;
    const values = batches.flatMap((batch) =>
      recordsIn(batch)
        .filter(({ offset }) => offset >= first)
        .map(({ offset }) => ({ key: 'k', value: `${offset}` })),
    );
    return {
      ...NO_OUTCOME,
      outputs: values.length === 0 ? [] : [batchOf('out', partition, values)],
      scored: values.length,
    };
  }

  /** A sink that fails now and then while `failing`, without having appended. */
  sink(epochs: Map<string, number>): Sink {
    const inner = new MemorySink(this.broker);
    return {
      start: async () => {},
      stop: async () => {},
      partitionCount: (topic) => inner.partitionCount(topic),
      produce: async (batches: readonly ResultBatch[]) => {
        await new Promise((resolve) => setTimeout(resolve, this.random.below(2)));
        if (this.failing && this.random.next() < 0.3)
          throw new SinkError('the broker is away', { retriable: true });
        await inner.produce(batches);
        for (const { partition } of batches) {
          const epoch = epochs.get(`in/${partition}`) ?? 0;
          const written = this.broker.partition({ topic: 'out', partition }).batches.at(-1);
          for (const { value } of written === undefined ? [] : recordsIn(written)) {
            this.history.push({
              type: 'appended',
              epoch,
              offset: Number(value),
              kind: 'result',
              topic: 'in',
              partition,
            });
          }
        }
        return batches;
      },
    };
  }

  async instance(): Promise<{ driver: Driver; source: MemorySource }> {
    const source = new MemorySource(this.broker, {
      groupId: 'g',
      topic: 'in',
      reset: 'earliest',
      fetchBytesMax: 2_000,
    });
    const epochs = new Map<string, number>();
    const driver: Driver = new Driver({
      source,
      sink: this.sink(epochs),
      counter: COUNTER,
      scorer: {
        scoreTogether: (microBatches) => microBatches.map((each) => this.score(each)),
        release: scribble,
        mend: async (_, outcome) => outcome,
      },
      clock: systemClock,
      limits,
      revokeTimeoutMs: 1_000,
      observer: {
        assigned: (partitions) => {
          for (const { topic, partition, position } of partitions) {
            if (epochs.has(`${topic}/${partition}`)) continue;
            const epoch = ++this.#epochs;
            epochs.set(`${topic}/${partition}`, epoch);
            this.history.push({ type: 'owned', epoch, position, topic, partition });
          }
        },
        committed: (offsets) => {
          for (const { topic, partition, next } of offsets) {
            const epoch = epochs.get(keyOf({ topic, partition })) ?? 0;
            this.history.push({ type: 'committed', epoch, next, topic, partition });
          }
        },
        effect: () => {
          let bytes = 0;
          for (const lane of driver.state.lanes.values()) bytes += heldBytes(lane);
          this.history.push({ type: 'held', bytes, budgetBytes: budgetBytes(driver.state) });
        },
      },
      onFatal: (error) => {
        throw error;
      },
    });
    await driver.start();
    return { driver, source };
  }

  async scoredAll(): Promise<void> {
    await until('all to be committed', () =>
      this.broker
        .partitions('in')
        .every(
          ({ logEnd }, partition) => (this.broker.committed('g', { topic: 'in', partition }) ?? 0) === logEnd,
        ),
    );
  }
}
