// How good the scores of a job were, as far as labels have come: what metrics tell of it.

export interface VersionQuality {
  readonly version: string;
  /** Results of the window that are kept, and those of them with a label, and with the label 1. */
  readonly results: number;
  readonly labelled: number;
  readonly positives: number;
  /** Null where it is not known: no labels, no positives, no negatives, no threshold. */
  readonly areaUnderRoc: number | null;
  readonly averagePrecision: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly brierScore: number | null;
  readonly calibrationError: number | null;
}

export interface QualityTold {
  /** Those with the latest results, a few of them. */
  readonly versions: readonly VersionQuality[];
  /** The share of ids that is kept, from 0 to 1. */
  readonly share: number;
  /** Records of both topics that could not be read, since the start. */
  readonly unreadable: number;
}
