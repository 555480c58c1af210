// What an index asks for: which versions shall be fetched, and which labels move. Pure.

import { PINNED, type VersionLabels, withMove } from '../versions/labels.ts';
import { CANARY } from '../versions/move-labels.ts';
import { wantedVersion } from '../versions/wanted-version.ts';
import type { SourceIndex } from './source-index.ts';

/** The labels of the index as they were when they were last followed: by label, its version. */
export type FollowedLabels = Readonly<Record<string, string>>;

const SHADOW = 'shadow';

export interface VersionsHere {
  /** What `model.version` says. */
  readonly policy: string;
  readonly local: readonly string[];
  readonly labels: VersionLabels;
  /** Those that cannot serve, or cannot be fetched now. */
  readonly refused: ReadonlySet<string>;
}

/** The one that would serve, and those that would be tried: as far as they are not here. */
export function versionsToFetch(
  { versions }: SourceIndex,
  { policy, local, labels, refused }: VersionsHere,
): string[] {
  const all = [...new Set([...local, ...versions.keys()])];
  const { version } = wantedVersion(policy, { versions: all, labels, refused });
  const wanted = [version, labels.versions[PINNED], labels.versions[CANARY], labels.versions[SHADOW]];
  return [...new Set(wanted)].filter(
    (each): each is string =>
      typeof each === 'string' && versions.has(each) && !local.includes(each) && !refused.has(each),
  );
}

export interface Following {
  readonly labels: VersionLabels;
  /** What is followed from now on. */
  readonly followed: FollowedLabels;
}

/**
 * The labels after the index was followed: only what has changed in it since the last time moves,
 * so that a promotion or a rollback here stays until the index says something new. A label whose
 * version is not here waits for it, and no other label waits for that one.
 */
export function labelsFollowing(
  labels: VersionLabels,
  followed: FollowedLabels,
  { labels: said }: Pick<SourceIndex, 'labels'>,
  { now, isHere }: { readonly now: Date; readonly isHere: (version: string) => boolean },
): Following {
  const before = new Map(Object.entries(followed));
  const moved = new Map(before);
  let after = labels;
  for (const label of new Set([...before.keys(), ...said.keys()])) {
    const to = said.get(label) ?? null;
    if ((before.get(label) ?? null) === to || (to !== null && !isHere(to))) continue;
    after = withMove(after, { label, to, now });
    if (to === null) moved.delete(label);
    else moved.set(label, to);
  }
  return { labels: after, followed: Object.fromEntries(moved) };
}
