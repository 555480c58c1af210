// The versions of a job's model as the page shows them: few enough to look at.

import type { ModelVersions } from '../versions/model-versions.ts';
import type { ShownVersions } from './told.ts';

export const VERSIONS_SHOWN_MAX = 12;

/** The highest first. Where there are many, those that are loaded or that a label names stay. */
export function shownVersions(told: ModelVersions): ShownVersions {
  const { versions, labels, policy, serving, wanted, why } = told;
  const labelled = new Set(Object.values(labels));
  const rank = ({ version, state }: ModelVersions['versions'][number]): number =>
    state === 'serving'
      ? 0
      : ['loaded', 'loading', 'building', 'fetching'].includes(state) || labelled.has(version)
        ? 1
        : 2;
  const chosen = new Set(
    versions
      .toReversed()
      .toSorted((one, other) => rank(one) - rank(other))
      .slice(0, VERSIONS_SHOWN_MAX),
  );
  return {
    ...{ policy, serving, wanted, why, labels },
    versions: versions
      .filter((each) => chosen.has(each))
      .toReversed()
      .map(({ why: _, ...shown }) => shown),
    others: versions.length - chosen.size,
  };
}
