// One engine without a world around it, whose answers the test gives by hand.

import { viewOf, writeInt64 } from '../../src/base/int64.ts';
import { step } from '../../src/engine/dispatcher.ts';
import { addressOf } from '../../src/engine/lane.ts';
import type { EngineLimits } from '../../src/engine/limits.ts';
import type { Effect, Message } from '../../src/engine/messages.ts';
import { newEngine } from '../../src/engine/state.ts';
import { startingAt } from '../../src/log/offset.ts';
import type { FetchedBatch, ResultBatch } from '../../src/log/ports.ts';
import { readHeader } from '../../src/log/record-batch.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import { NO_OUTCOME } from '../../src/scoring/outcome.ts';
import { batchOf } from '../support/records.ts';
import { limits as base } from './world.ts';

/** One record at that offset. */
export function oneRecord(offset: number): FetchedBatch {
  const { bytes } = batchOf('in', 0, [{ key: 'k', value: 'v' }]);
  writeInt64(viewOf(bytes), 0, offset);
  return { header: readHeader(bytes), bytes, skip: false };
}

export const BYTES = oneRecord(0).bytes.length;
const OUTPUTS = [{ topic: 'out', partition: 0, bytes: new Uint8Array(1), recordCount: 1 }] as ResultBatch[];
export const SCORED = { ...NO_OUTCOME, outputs: OUTPUTS, resultBatches: 1, scored: 1 };
export const FAILURE = { code: 'SCORELANE_TEST', message: 'as the test wants it' };

/** An engine whose partitions were assigned at time 0, each micro-batch of one record at once. */
export class Engine {
  readonly state;
  /** Where the log is said to end, if that is further than what was fetched. */
  highWatermark = 0;
  #fetched = new Map<number, number>();

  constructor(more: Partial<EngineLimits> = {}, partitions: readonly number[] = [0], keepsState = false) {
    this.state = newEngine(
      {
        ...base,
        microBatch: { recordsMax: 1, bytesMax: 10_000, lingerMs: 5 },
        ...{ budgetBytes: 100_000, fetchBytesMax: 1_000, ...more },
      },
      keepsState,
    );
    this.say(
      {
        type: 'assigned',
        partitions: partitions.map((partition) => ({ topic: 'in', partition, position: startingAt(0) })),
      },
      0,
    );
    if (!keepsState) return;
    for (const lane of this.state.lanes.values())
      this.say({ type: 'restored', lane: addressOf(lane), from: startingAt(0) }, 0);
  }

  say(message: Message, nowMs: number): Effect[] {
    return step(this.state, message, nowMs);
  }

  tick(nowMs: number): Effect[] {
    return this.say({ type: 'tick' }, nowMs);
  }

  /** So many records more come in. */
  fetch(count: number, nowMs: number, partition = 0): Effect[] {
    const from = this.#fetched.get(partition) ?? 0;
    this.#fetched.set(partition, from + count);
    const batches = Array.from({ length: count }, (_, index) => oneRecord(from + index));
    const highWatermark = Math.max(this.highWatermark, from + count);
    const fetched = { topic: 'in', partition, from: startingAt(from), batches, highWatermark };
    return this.say({ type: 'fetched', fetched }, nowMs);
  }

  scored(microBatch: MicroBatch, nowMs: number, outcome = SCORED): Effect[] {
    return this.say({ type: 'scored', lane: microBatch, id: microBatch.id, outcome }, nowMs);
  }
}

export const of = <Type extends Effect['type']>(
  effects: readonly Effect[],
  type: Type,
): Extract<Effect, { type: Type }>[] =>
  effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
export const opened = (effects: readonly Effect[]): MicroBatch[] =>
  of(effects, 'score').flatMap(({ task }) => task.map(({ microBatch }) => microBatch));

/** An engine in which one micro-batch was just acknowledged at that time. */
export function acknowledged(
  nowMs: number,
  more: Partial<EngineLimits> = {},
): { readonly engine: Engine; readonly effects: Effect[] } {
  const engine = new Engine({ commitIntervalMs: 100, ...more });
  const [microBatch] = opened(engine.fetch(1, 1)) as [MicroBatch];
  const [produce] = of(engine.scored(microBatch, 1), 'produce');
  return {
    engine,
    effects: engine.say({ type: 'produced', lane: microBatch, id: produce?.id as number }, nowMs),
  };
}
