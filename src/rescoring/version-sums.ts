// What is known of all scores of one version: sums that do not depend on the order of the records.

import { countDecision, type DecisionCounts } from '../statistics/decisions.ts';
import { type SavedSketch, Sketch } from '../statistics/sketch.ts';
import { LABEL, type Label } from './result-reader.ts';

/** Bits of the sketches: a quantile is known to 1 part in 2,048. */
export const SKETCH_BITS = 10;

const noDecisions = (): DecisionCounts => ({
  truePositives: 0,
  falsePositives: 0,
  trueNegatives: 0,
  falseNegatives: 0,
});

/** As it is kept in a file. */
export interface SavedVersionSums {
  readonly scores: SavedSketch;
  readonly positives: SavedSketch;
  readonly negatives: SavedSketch;
  readonly decisions: DecisionCounts;
  readonly decidedFor: number;
  readonly codes: Readonly<Record<string, number>>;
}

export class VersionSums {
  /** A record is decided for above it; null where nothing says what is decided. */
  readonly threshold: number | null;
  scores = new Sketch(SKETCH_BITS);
  /** Of the records with the label, and of those without. */
  positives = new Sketch(SKETCH_BITS);
  negatives = new Sketch(SKETCH_BITS);
  decisions = noDecisions();
  decidedFor = 0;
  /** Dead letters by code. */
  codes: Record<string, number> = {};

  constructor(threshold: number | null) {
    this.threshold = threshold;
  }

  static from(saved: SavedVersionSums, threshold: number | null): VersionSums {
    const sums = new VersionSums(threshold);
    sums.scores = Sketch.from(saved.scores);
    sums.positives = Sketch.from(saved.positives);
    sums.negatives = Sketch.from(saved.negatives);
    sums.decisions = { ...saved.decisions };
    sums.decidedFor = saved.decidedFor;
    sums.codes = { ...saved.codes };
    return sums;
  }

  decides(score: number): boolean {
    return this.threshold !== null && score > this.threshold;
  }

  add(score: number, label: Label): void {
    this.scores.add(score);
    const isDecidedFor = this.decides(score);
    if (isDecidedFor) this.decidedFor++;
    if (label === LABEL.positive) this.positives.add(score);
    else if (label === LABEL.negative) this.negatives.add(score);
    else return;
    if (this.threshold !== null) countDecision(this.decisions, isDecidedFor, label === LABEL.positive);
  }

  dead(codes: Readonly<Record<string, number | undefined>>): void {
    for (const [code, count = 0] of Object.entries(codes)) this.codes[code] = (this.codes[code] ?? 0) + count;
  }

  saved(): SavedVersionSums {
    return {
      scores: this.scores.saved(),
      positives: this.positives.saved(),
      negatives: this.negatives.saved(),
      decisions: this.decisions,
      decidedFor: this.decidedFor,
      codes: this.codes,
    };
  }
}
