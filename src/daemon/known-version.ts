// What a daemon knows of a version of its model that it has seen, and how it tells versions apart.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { keepsState, readManifest } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { compareVersions } from '../model/version-order.ts';
import { planIdentity } from '../reading/plan-identity.ts';
import type { VersionStatus } from '../versions/model-versions.ts';
import type { VersionState } from '../versions/next-action.ts';
import type { ScorerSetup } from '../worker-protocol/messages.ts';
import { refuseOtherName } from './configured-model.ts';
import type { LoadedVersion } from './model-trials.ts';
import { deploymentOf } from './pools.ts';

export interface KnownVersion {
  readonly folder: string;
  /** Null where it never got to the threads. */
  readonly loaded: LoadedVersion | null;
  readonly state: VersionState;
  readonly why: string | null;
  /** Tells a folder from another one in its place. */
  readonly mark: string;
  /** When a version that was refused is tried again as it is; never unless given. */
  readonly againMs?: number;
}

/** All that is needed of its files, which may go while it is loaded. */
export function loadedOf(setup: ScorerSetup): LoadedVersion {
  return { deployment: deploymentOf(setup), features: planIdentity(readManifest(setup.modelFolder), setup) };
}

export const byVersion = ({ version: one }: VersionStatus, { version: other }: VersionStatus): number =>
  compareVersions(one, other);

/** A version comes by a rename: its folder is never another one without being made again. */
export function markOf(folder: string): string {
  const { ino, mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? {};
  return `${ino} ${mtimeMs}`;
}

/** Throws `ModelError` where a version cannot take over from another one while lanes go on. */
export function refuseOtherKind(from: string, to: string): void {
  refuseOtherName(to);
  const [before, after] = [readManifest(from), readManifest(to)].map(keepsState);
  if (before !== after)
    throw new ModelError(
      `${join(to, 'model.yaml')}: it has ${after ? 'windows' : 'no windows'} and the version that serves ` +
        `has ${before ? 'some' : 'none'}: that needs a restart`,
    );
}
