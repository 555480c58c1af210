// What is told of the versions of a job's model: by metrics, administration and the page.

import type { TrialKind } from '../scoring/trial.ts';
import type { VersionLabels } from './labels.ts';
import type { VersionState } from './next-action.ts';

/** How good its scores were, as far as labels have come. */
export interface VersionFigures {
  /** Null where there are no positives, or no negatives. */
  readonly areaUnderRoc: number | null;
  /** Results with a label. */
  readonly labelled: number;
}

export interface VersionStatus {
  readonly version: string;
  /**
   * available: in the repository, and not loaded. building: it is loaded, and its windows are built
   * up before it serves. remote: on the server of models alone. fetching: it is downloaded.
   */
  readonly state: 'serving' | VersionState | 'building' | 'available' | 'remote' | 'fetching';
  /** As what it is tried on live records; null if it is not. */
  readonly trial: TrialKind | null;
  /** Why it cannot serve, or is not tried any more; null where nothing is wrong. */
  readonly why: string | null;
  /** Where labels have come. */
  readonly quality?: VersionFigures;
}

export interface ModelVersions {
  /** What `model.version` says: a version, `latest`, or a label. */
  readonly policy: string;
  readonly serving: string;
  /** The one that shall serve, as of the last look; null where there is none that fits. */
  readonly wanted: string | null;
  /** What says so, or what is missing; in words. */
  readonly why: string;
  /** By label, the version that it names. */
  readonly labels: VersionLabels['versions'];
  /** All of the repository, and those that are loaded still: by their names, the highest last. */
  readonly versions: readonly VersionStatus[];
}

/** How many refused versions metrics tell: a thousand broken folders are not a thousand series. */
const REFUSED_MAX = 5;

/** With the figures of those that have some. */
export const withFigures = (
  versions: readonly VersionStatus[],
  figures: readonly (VersionFigures & { readonly version: string })[],
): VersionStatus[] =>
  versions.map((each) => {
    const found = figures.find(({ version, labelled }) => version === each.version && labelled > 0);
    if (found === undefined) return each;
    const { areaUnderRoc, labelled } = found;
    return { ...each, quality: { areaUnderRoc, labelled } };
  });

const IDLE: ReadonlySet<VersionStatus['state']> = new Set(['available', 'remote']);

/** Without those that nothing needs; of the refused, the highest few. */
export function busyVersions({ versions }: ModelVersions): VersionStatus[] {
  const refused = versions.filter(({ state }) => state === 'refused').slice(-REFUSED_MAX);
  return versions.filter((each) =>
    each.state === 'refused' ? refused.includes(each) : !IDLE.has(each.state),
  );
}
