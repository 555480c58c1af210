// How good the decisions are that a threshold makes of scores.

export interface DecisionCounts {
  truePositives: number;
  falsePositives: number;
  trueNegatives: number;
  falseNegatives: number;
}

/** `isDecidedFor`: its score is above the threshold. */
export function countDecision(counts: DecisionCounts, isDecidedFor: boolean, isPositive: boolean): void {
  if (isDecidedFor && isPositive) counts.truePositives++;
  else if (isDecidedFor) counts.falsePositives++;
  else if (isPositive) counts.falseNegatives++;
  else counts.trueNegatives++;
}

/** The share of those decided for that have the label. NaN where there are none. */
export const precision = ({ truePositives, falsePositives }: DecisionCounts): number =>
  truePositives / (truePositives + falsePositives);

/** The share of those with the label that are decided for. NaN where there are none. */
export const recall = ({ truePositives, falseNegatives }: DecisionCounts): number =>
  truePositives / (truePositives + falseNegatives);
