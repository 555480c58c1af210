// Scores each micro-batch with one or two versions of a model, so that the engine drives them as
// one. What both have answered goes to the sink in one piece, in the order of the records.

import type { NextOffset, OffsetRange } from '../log/offset.ts';
import { startingAt } from '../log/offset.ts';
import type { Refusal, ResultBatch } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { LaneAddress } from '../scoring/lane-address.ts';
import type { InputBatches, MicroBatch } from '../scoring/micro-batch.ts';
import { NO_OUTCOME, type Outcome } from '../scoring/outcome.ts';
import type { Scorer, StatefulScorer } from '../scoring/ports.ts';

/** What became of a micro-batch, by version. */
export interface OutcomePair {
  readonly candidate: Outcome;
  readonly baseline: Outcome | null;
}

const NO_BYTES = new Uint8Array(0);

/**
 * What the engine is given to produce: also where there are no results, so that it comes by in its
 * order.
 */
export class PairBatch implements ResultBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes = NO_BYTES;
  readonly recordCount = 0;
  readonly pair: OutcomePair;
  /** Results whose bytes somebody may still read. */
  held: ReadonlySet<ResultBatch> = new Set();

  constructor({ topic, partition }: InputBatches, pair: OutcomePair) {
    this.topic = topic;
    this.partition = partition;
    this.pair = pair;
  }

  /** Throws `TypeError` for anything that another scorer has made. */
  static in(outputs: readonly ResultBatch[]): PairBatch {
    const [found] = outputs;
    if (found instanceof PairBatch) return found;
    throw new TypeError('outputs that are no pair of outcomes');
  }
}

/** The scorer of a version, and where its states stand. */
class Version {
  readonly scorer: Scorer | StatefulScorer;
  readonly #stateful: StatefulScorer | null;
  /** By lane. */
  readonly #standsAt = new Map<string, NextOffset>();

  constructor(scorer: Scorer | StatefulScorer) {
    this.scorer = scorer;
    this.#stateful = 'restore' in scorer ? scorer : null;
  }

  async restore(lane: LaneAddress, position: NextOffset): Promise<NextOffset> {
    if (this.#stateful === null) return position;
    const standsAt = await this.#stateful.restore(lane, position);
    this.#standsAt.set(keyOf(lane), standsAt);
    return standsAt;
  }

  forget(lane: LaneAddress): void {
    this.#stateful?.forget(lane);
  }

  /**
   * The state of another version may stand further back. What this one needs not, it is not given:
   * a version without windows only what is scored, one with windows what its state lacks.
   */
  scoreTogether(microBatches: readonly MicroBatch[]): readonly Promise<Outcome>[] {
    const needed = microBatches.map((each) => this.#needed(each));
    const asked = needed.filter((each) => each !== null);
    const outcomes = asked.length === 0 ? [] : [...this.scorer.scoreTogether(asked)];
    return needed.map((each) => (each === null ? NOTHING : (outcomes.shift() as Promise<Outcome>)));
  }

  #needed(microBatch: MicroBatch): MicroBatch | null {
    const { scoreFrom, ...plain } = microBatch;
    const from = this.#stateful === null ? (scoreFrom ?? 0) : (this.#standsAt.get(keyOf(microBatch)) ?? 0);
    const first = startingAt(Math.max(microBatch.first, from));
    if (first >= microBatch.next) return null;
    return { ...(this.#stateful === null ? plain : microBatch), first };
  }
}

const NOTHING = Promise.resolve(NO_OUTCOME);

/** Of versions without windows. */
export class PairScorer implements Scorer {
  protected readonly versions: readonly Version[];
  readonly #ranges: readonly OffsetRange[];
  readonly #beside: string | null;

  /**
   * The candidate, and the version that it is compared with, if that has a scorer of its own.
   * `ranges`: by partition. `beside`: the deployment of one that scores the rows of the candidate.
   */
  constructor(
    scorers: readonly (Scorer | StatefulScorer)[],
    ranges: readonly OffsetRange[],
    beside: string | null = null,
  ) {
    this.versions = scorers.map((scorer) => new Version(scorer));
    this.#ranges = ranges;
    this.#beside = beside;
  }

  scoreTogether(microBatches: readonly MicroBatch[]): readonly Promise<Outcome>[] {
    const wanted = microBatches.map((each) => this.#within(each));
    const [candidates, baselines] = this.versions.map((version) => version.scoreTogether(wanted));
    return microBatches.map(async (microBatch, index) => {
      const answers = [candidates?.[index] as Promise<Outcome>, baselines?.[index]] as const;
      const [{ beside, ...candidate }, baseline] = await Promise.all(answers);
      return joined(microBatch, { candidate, baseline: baseline ?? beside ?? null });
    });
  }

  /** A record batch may reach beyond the range. */
  #within(microBatch: MicroBatch): MicroBatch {
    const until = this.#ranges[microBatch.partition]?.until ?? 0;
    const next = startingAt(Math.max(microBatch.first, Math.min(microBatch.next, until)));
    return this.#beside === null ? { ...microBatch, next } : { ...microBatch, next, beside: this.#beside };
  }

  /** Only the results of the candidate can have been refused: those of the other go nowhere. */
  async mend(input: InputBatches, outcome: Outcome, refusals: readonly Refusal[]): Promise<Outcome> {
    const { pair } = PairBatch.in(outcome.outputs);
    const { scorer } = this.versions[0] as Version;
    const candidate = await scorer.mend(input, pair.candidate, refusals);
    return joined(input, { ...pair, candidate });
  }

  release(outputs: readonly ResultBatch[]): void {
    for (const output of outputs) {
      const { pair, held } = PairBatch.in([output]);
      const { candidate, baseline } = pair;
      const [one, other = one] = this.versions;
      one?.scorer.release(candidate.outputs.filter((each) => !held.has(each)));
      if (baseline !== null) other?.scorer.release(baseline.outputs);
    }
  }
}

const joined = (of: InputBatches, pair: OutcomePair): Outcome => ({
  ...pair.candidate,
  outputs: [new PairBatch(of, pair)],
  resultBatches: 1,
});

/** Where one of them has windows. */
export class StatefulPairScorer extends PairScorer implements StatefulScorer {
  async restore(lane: LaneAddress, position: NextOffset): Promise<NextOffset> {
    const stands = await Promise.all(this.versions.map((version) => version.restore(lane, position)));
    return startingAt(Math.min(...stands));
  }

  forget(lane: LaneAddress): void {
    for (const version of this.versions) version.forget(lane);
  }

  /** A replay begins again at what it has counted, and keeps no snapshots. */
  committed(): void {}
}
