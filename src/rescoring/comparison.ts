// Everything that is summed while records are scored: of each version, and of the differences
// between the two. Its memory is bounded whatever the number of records. It can be kept in a file
// and go on from there, and then ends with the same sums as if it had never been kept.

import { Largest } from '../statistics/largest.ts';
import { type SavedSketch, Sketch } from '../statistics/sketch.ts';
import type { ReadAnswers } from './read-answers.ts';
import { LABEL, type Label } from './result-reader.ts';
import { type SavedVersionSums, SKETCH_BITS, VersionSums } from './version-sums.ts';

const LARGEST = 20;

/** A record to which the two versions gave different scores. */
export interface DifferingRecord {
  readonly partition: number;
  readonly offset: number;
  readonly id: string | null;
  readonly candidate: number;
  readonly baseline: number;
}

/** The sum of floats depends on their order, which is that of the records of one partition. */
interface FloatSums {
  candidate: number;
  baseline: number;
  difference: number;
  absolute: number;
}

interface Counts {
  /** Records that got a result or a dead letter from the first version. */
  records: number;
  skipped: number;
  /** Offsets of the range that the log had dropped before they were read. */
  gone: number;
  both: number;
  candidateOnly: number;
  baselineOnly: number;
  equal: number;
  /** Decided for by the candidate and not by the baseline, and the other way round. */
  flipsUp: number;
  flipsDown: number;
  labelsAbsent: number;
  labelsUnreadable: number;
}

const NO_COUNTS: Counts = {
  records: 0,
  skipped: 0,
  gone: 0,
  both: 0,
  candidateOnly: 0,
  baselineOnly: 0,
  equal: 0,
  flipsUp: 0,
  flipsDown: 0,
  labelsAbsent: 0,
  labelsUnreadable: 0,
};

/** As it is kept in a file. */
export interface SavedComparison {
  readonly counts: Counts;
  readonly candidate: SavedVersionSums;
  readonly baseline: SavedVersionSums | null;
  readonly differences: SavedSketch;
  readonly sums: readonly FloatSums[];
  readonly largest: readonly DifferingRecord[];
}

export interface Thresholds {
  readonly candidate: number | null;
  readonly baseline: number | null;
}

const differenceOf = ({ candidate, baseline }: DifferingRecord): number => Math.abs(candidate - baseline);

const bySize = (left: DifferingRecord, right: DifferingRecord): number =>
  differenceOf(left) - differenceOf(right) || right.partition - left.partition || right.offset - left.offset;

export class Comparison {
  readonly counts: Counts = { ...NO_COUNTS };
  readonly candidate: VersionSums;
  /** Null where one version is scored alone. */
  readonly baseline: VersionSums | null;
  differences = new Sketch(SKETCH_BITS);
  readonly largest = new Largest<DifferingRecord>(LARGEST, bySize);
  readonly #sums: FloatSums[];

  constructor(partitions: number, thresholds: Thresholds, hasBaseline: boolean) {
    this.candidate = new VersionSums(thresholds.candidate);
    this.baseline = hasBaseline ? new VersionSums(thresholds.baseline) : null;
    const none = { candidate: 0, baseline: 0, difference: 0, absolute: 0 };
    this.#sums = Array.from({ length: partitions }, () => ({ ...none }));
  }

  static from(saved: SavedComparison, thresholds: Thresholds): Comparison {
    const { sums } = saved;
    const found = new Comparison(sums.length, thresholds, saved.baseline !== null);
    Object.assign(found.counts, saved.counts);
    Object.assign(found.candidate, VersionSums.from(saved.candidate, thresholds.candidate));
    if (found.baseline !== null && saved.baseline !== null)
      Object.assign(found.baseline, VersionSums.from(saved.baseline, thresholds.baseline));
    found.differences = Sketch.from(saved.differences);
    for (const each of saved.largest) found.largest.add(each);
    for (const [partition, sum] of sums.entries()) Object.assign(found.#sums[partition] as FloatSums, sum);
    return found;
  }

  /**
   * Adds the results of a micro-batch. Those of a partition come in the order of its records.
   * `labelOf` finds the label of a record that has none in its result.
   */
  add(
    partition: number,
    candidate: ReadAnswers,
    baseline: ReadAnswers | null,
    labelOf: ((id: string | null) => Label) | null,
  ): void {
    const sums = this.#sums[partition] as FloatSums;
    let other = 0;
    for (let index = 0; index < candidate.count; index++) {
      const offset = candidate.offsets[index] as number;
      const score = candidate.scores[index] as number;
      const label = labelOf === null ? (candidate.labels[index] as Label) : labelOf(candidate.idOf(index));
      this.#countLabel(label);
      this.candidate.add(score, label);
      sums.candidate += score;
      if (baseline === null || this.baseline === null) continue;
      while (other < baseline.count && (baseline.offsets[other] as number) < offset)
        this.#baselineOnly(sums, baseline, other++, labelOf);
      if (other >= baseline.count || baseline.offsets[other] !== offset) {
        this.counts.candidateOnly++;
        continue;
      }
      const before = baseline.scores[other++] as number;
      this.baseline.add(before, label);
      sums.baseline += before;
      this.#compare(sums, score, before);
      if (score !== before && Math.abs(score - before) >= this.#leastOfLargest)
        this.largest.add({
          partition,
          offset,
          id: candidate.idOf(index),
          candidate: score,
          baseline: before,
        });
    }
    if (baseline !== null)
      while (other < baseline.count) this.#baselineOnly(sums, baseline, other++, labelOf);
  }

  /** No smaller difference is kept. */
  get #leastOfLargest(): number {
    const { kept } = this.largest;
    return kept.length < LARGEST ? 0 : differenceOf(kept.at(-1) as DifferingRecord);
  }

  #compare(sums: FloatSums, score: number, before: number): void {
    const { counts, candidate, baseline } = this;
    const difference = score - before;
    counts.both++;
    if (difference === 0) counts.equal++;
    this.differences.add(difference);
    sums.difference += difference;
    sums.absolute += Math.abs(difference);
    const isDecidedFor = candidate.decides(score);
    const wasDecidedFor = (baseline as VersionSums).decides(before);
    if (isDecidedFor && !wasDecidedFor) counts.flipsUp++;
    if (!isDecidedFor && wasDecidedFor) counts.flipsDown++;
  }

  #baselineOnly(
    sums: FloatSums,
    answers: ReadAnswers,
    index: number,
    labelOf: ((id: string | null) => Label) | null,
  ): void {
    const label = labelOf === null ? (answers.labels[index] as Label) : labelOf(answers.idOf(index));
    const score = answers.scores[index] as number;
    this.#countLabel(label);
    this.counts.baselineOnly++;
    this.baseline?.add(score, label);
    sums.baseline += score;
  }

  #countLabel(label: Label): void {
    if (label === LABEL.absent) this.counts.labelsAbsent++;
    else if (label === LABEL.unreadable) this.counts.labelsUnreadable++;
  }

  /** The sum over all partitions. */
  get sums(): Readonly<FloatSums> {
    return this.#sums.reduce((sum, each) => ({
      candidate: sum.candidate + each.candidate,
      baseline: sum.baseline + each.baseline,
      difference: sum.difference + each.difference,
      absolute: sum.absolute + each.absolute,
    }));
  }

  saved(): SavedComparison {
    return {
      counts: this.counts,
      candidate: this.candidate.saved(),
      baseline: this.baseline?.saved() ?? null,
      differences: this.differences.saved(),
      sums: this.#sums,
      largest: this.largest.kept,
    };
  }
}
