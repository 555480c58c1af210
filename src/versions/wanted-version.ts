// Which version of a model shall serve: what the configuration says, the labels, and the versions
// that are there. A pure function, asked again at each look.

import { own } from '../model/predictor.ts';
import { PINNED, type VersionLabels } from './labels.ts';

export interface WantedVersion {
  /** Null where there is none that fits. */
  readonly version: string | null;
  /** What says so, or what is missing; in words. */
  readonly why: string;
}

export interface VersionsThere {
  /** By the names of their folders. */
  readonly versions: readonly string[];
  readonly labels: VersionLabels;
  /** Those that were tried and cannot serve: `latest` passes them over. */
  readonly refused: ReadonlySet<string>;
}

/** `policy`: a version by name, `latest`, or a label. */
export function wantedVersion(policy: string, { versions, labels, refused }: VersionsThere): WantedVersion {
  if (versions.includes(policy)) return { version: policy, why: `model.version is ${policy}` };
  const pinned = labels.versions[PINNED];
  if (pinned !== undefined) return named(pinned, 'is pinned', versions);
  if (policy === 'latest') {
    const version = highest(versions.filter((each) => !refused.has(each)));
    return version === undefined
      ? { version: null, why: 'there is no version with a number' }
      : { version, why: 'it is the latest' };
  }
  const labelled = own(labels.versions, policy);
  if (labelled === undefined) {
    const there = Object.keys(labels.versions).join(', ') || 'none';
    return {
      version: null,
      why:
        `model.version is ${policy}: there is no version and no label of that name ` +
        `(versions: ${versions.join(', ') || 'none'}; labels: ${there})`,
    };
  }
  return named(labelled, `is ${policy}`, versions);
}

const named = (version: string, why: string, versions: readonly string[]): WantedVersion =>
  versions.includes(version)
    ? { version, why: `it ${why}` }
    : { version: null, why: `version ${version} ${why}, and is not there` };

/** The one with the highest number; undefined where none has a number. */
export const highest = (versions: readonly string[]): string | undefined =>
  versions
    .filter((name) => /^\d+$/.test(name))
    .toSorted((one, other) => Number(one) - Number(other))
    .at(-1);
