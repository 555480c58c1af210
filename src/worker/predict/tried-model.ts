// A version on this thread that is tried on rows which were read for the version that serves.

import type { RowTest } from '../../answers/condition.ts';
import type { Predictor } from '../../model/predictor.ts';
import type { ResultField } from '../../model/result-columns.ts';
import type { Trial } from '../../scoring/trial.ts';
import type { ResultEncoder } from '../write/result-writer.ts';
import type { TrialTally } from './trial-tally.ts';

/** Who writes the result of a row, and which routes it goes to. */
export interface Answering {
  readonly writer: ResultEncoder;
  /** Whether a row goes to each of the setup's routes. */
  readonly routed: readonly RowTest[];
}

export interface TriedModel extends Answering {
  /** Gives the columns of results. */
  readonly predictor: Predictor;
  readonly fields: readonly ResultField[];
  /** Throws when the model does not work any more. */
  readonly probe: () => void;
}

/** A trial as it goes on from task to task. */
export interface RunningTrial {
  readonly trial: Trial;
  readonly model: TriedModel;
  readonly tally: TrialTally;
}
