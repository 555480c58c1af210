// What is told of the versions of a job's model: by metrics, administration and the page.

import type { TrialKind } from '../scoring/trial.ts';
import type { VersionLabels } from './labels.ts';
import type { VersionState } from './next-action.ts';

export interface VersionStatus {
  readonly version: string;
  /**
   * available: in the repository, and not loaded. building: it is loaded, and its windows are built
   * up before it serves.
   */
  readonly state: 'serving' | VersionState | 'building' | 'available';
  /** As what it is tried on live records; null if it is not. */
  readonly trial: TrialKind | null;
  /** Why it cannot serve, or is not tried any more; null where nothing is wrong. */
  readonly why: string | null;
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

/** Without those that are only in the repository; of the refused, the highest few. */
export function busyVersions({ versions }: ModelVersions): VersionStatus[] {
  const refused = versions.filter(({ state }) => state === 'refused').slice(-REFUSED_MAX);
  return versions.filter((each) =>
    each.state === 'refused' ? refused.includes(each) : each.state !== 'available',
  );
}
