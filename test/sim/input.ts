// What is written to the input: records, some of which cannot be scored, and what no reader of
// committed records sees. Timestamps are mostly those of the records; some have nothing to do with
// them, as those of other producers, of markers, and of clocks that are wrong.

import { crc32c } from '@node-rs/crc32';
import { viewOf } from '../../src/base/int64.ts';
import { partitionOfKey } from '../../src/log/partitioner.ts';
import type { ResultBatch } from '../../src/log/ports.ts';
import { AT } from '../../src/log/record-batch.ts';
import type { TopicPartition } from '../../src/log/topic-partition.ts';
import type { MicroBatch } from '../../src/scoring/micro-batch.ts';
import type { HistoryEvent } from '../guarantees/history.ts';
import { batchOf, type TestRecord } from '../support/records.ts';
import type { Cluster } from './cluster.ts';
import type { Dice, Plan } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import { BREAKS, DRIFT_MS, FAR_AHEAD_MS, KILLS, THROWS } from './sim-model.ts';
import { UNWANTED, WANTED } from './skips.ts';

/**
 * The times of records that are dated far ahead of the clock, and of those that no date can have.
 */
const FAR_TIMES_MS = [FAR_AHEAD_MS, 1e30];

/** Nearly as far as a record batch can reach. */
const GONE_MAX = 2 ** 31 - 1_000;

export class Input {
  readonly history: Extract<HistoryEvent, { type: 'input' }>[] = [];
  readonly #cluster: Cluster;
  readonly #dice: Dice;
  readonly #scheduler: Scheduler;
  readonly #plan: Plan;

  constructor(cluster: Cluster, dice: Dice, scheduler: Scheduler, plan: Plan) {
    this.#cluster = cluster;
    this.#dice = dice;
    this.#scheduler = scheduler;
    this.#plan = plan;
  }

  /** To be appended next. */
  batch(tp: TopicPartition, count: number): ResultBatch {
    const first = this.#cluster.logEnd(tp);
    const records = Array.from({ length: count }, (_, index) => this.#record(tp, first + index));
    return this.#compacted(batchOf(tp.topic, tp.partition, records));
  }

  /** Of a transaction that was aborted, or the marker at its end; null where there is none. */
  unseen(tp: TopicPartition): ResultBatch | null {
    if (!this.#dice.strikes('aborted', 0.2)) return null;
    return batchOf(tp.topic, tp.partition, [{ key: null, value: null, timestampMs: this.#astrayMs() }]);
  }

  /** None of the model's business, whatever its time is. */
  #skipped(tp: TopicPartition, offset: number): TestRecord {
    const random = this.#dice.of('skips');
    this.history.push({
      type: 'input',
      offset,
      skipped: true,
      incarnation: this.#cluster.incarnation,
      ...tp,
    });
    const at = Math.floor(this.#scheduler.nowMs);
    const timestampMs = random.next() < 0.5 ? at : this.#astrayMs();
    // Whole in all else: a window would take it.
    const value = JSON.stringify({
      id: offset,
      at,
      who: this.#who(tp.partition),
      op: UNWANTED,
      x: 20 + (offset % 50),
    });
    return { key: `k${offset % 7}`, value: random.next() < 0.5 ? null : value, timestampMs };
  }

  /** How many records a micro-batch has that are to be skipped and were not, before. */
  skippedIn({ partition, incarnation, first, next, scoreFrom = first }: MicroBatch): number {
    return this.history.filter(
      (input) =>
        input.skipped === true &&
        input.partition === partition &&
        input.incarnation === incarnation &&
        input.offset >= Math.max(first, scoreFrom) &&
        input.offset < next,
    ).length;
  }

  #record(tp: TopicPartition, offset: number): TestRecord {
    if (this.#dice.strikes('skips', 0.2)) return this.#skipped(tp, offset);
    const how = this.#dice.strikes('astrayTimes', 0.1) ? this.#dice.of('astrayTimes').below(4) : null;
    const [isDamaged, isAhead, isDrifted, isFar] = [how === 0, how === 1, how === 2, how === 3];
    const damaged = this.#dice.strikes('damage', 0.05) || isDamaged;
    const poison = [KILLS, THROWS, BREAKS][offset % 3] as number;
    const x = this.#dice.strikes('poison', 0.03) ? poison : 20 + (offset % 50);
    // Late by chance, now and then by more than the grace; and some are ahead of all others, so
    // that many behind them are late.
    const aheadMs = isAhead ? this.#dice.of('astrayTimes').below(400) : 0;
    const nearMs = Math.max(0, Math.floor(this.#scheduler.nowMs) - this.#dice.of('late').below(16)) + aheadMs;
    const at = isFar ? (FAR_TIMES_MS[offset % 2] as number) : nearMs;
    const timestampMs =
      isDamaged || isDrifted
        ? this.#astrayMs()
        : Math.min(at, FAR_AHEAD_MS) + this.#dice.of('drift').below(DRIFT_MS);
    const isAstray = this.#plan.windows && (isFar || Math.abs(timestampMs - at) > DRIFT_MS);
    const isRefused = this.#dice.strikes('refusals', 0.04);
    const kind = offset % 2 === 0 ? 'time' : 'result';
    const { incarnation } = this.#cluster;
    if (isRefused) this.#cluster.refused.set(`${incarnation} ${tp.partition} ${offset}`, kind);
    const bad = damaged || isAstray || isRefused || x < 20 || x > 100;
    this.history.push({ type: 'input', offset, bad, incarnation, ...tp });
    const op = this.#dice.has('skips') ? { op: WANTED } : {};
    const value = JSON.stringify({ id: offset, at, who: this.#who(tp.partition), ...op, x });
    return { key: `k${offset % 7}`, value: damaged ? value.slice(0, -3) : value, timestampMs };
  }

  /**
   * One who belongs there, by the count of now, or by one of before: producers learn of a growth
   * one after the other.
   */
  #who(partition: number): string {
    const able = this.#cluster.inputCounts.filter((count) => count > partition);
    const random = this.#dice.of('who');
    const count = able[able.length - 1 - (random.next() < 0.2 ? random.below(able.length) : 0)] as number;
    for (let number = random.below(100); ; number++) {
      const who = `w${number}`;
      if (partitionOfKey(Buffer.from(who), count) === partition) return who;
    }
  }

  /**
   * A timestamp that has nothing to do with when something happened: a little ahead, far ahead, or
   * long past.
   */
  #astrayMs(): number {
    const random = this.#dice.of('astrayTimes');
    const aheadMs = [random.below(400), 1e6 + random.below(1e9), Number.NEGATIVE_INFINITY];
    return Math.max(0, Math.floor(this.#scheduler.nowMs) + (aheadMs[random.below(3)] as number));
  }

  /**
   * What is left of a batch of which compaction has taken the last records away: a few, or very
   * many.
   */
  #compacted(batch: ResultBatch): ResultBatch {
    if (!this.#dice.strikes('compaction', 0.1)) return batch;
    const { bytes, recordCount } = batch;
    const view = viewOf(bytes);
    const random = this.#dice.of('compaction');
    const gone = random.below(random.next() < 0.5 ? 20 : GONE_MAX);
    view.setInt32(AT.lastOffsetDelta, recordCount - 1 + gone);
    view.setUint32(AT.crc, crc32c(bytes.subarray(AT.attributes)));
    return batch;
  }
}
