// What the commands do with labels. Pure: labels in, labels out, and what to tell.

import { ModelError } from '../model/model-error.ts';
import { own } from '../model/predictor.ts';
import { PINNED, STABLE, type VersionLabels, withMove } from './labels.ts';
import { highest } from './wanted-version.ts';

export interface LabelsMoved {
  readonly labels: VersionLabels;
  /** What was done, and who follows. */
  readonly told: string;
}

export const CANARY = 'canary';
const SHADOW = 'shadow';

const of = (versions: readonly string[]): string => versions.join(', ') || 'none';

function mustBe(version: string, versions: readonly string[]): string {
  if (versions.includes(version)) return version;
  throw new ModelError(`expected a version that is there, one of ${of(versions)}, found ${version}`);
}

/** Labels of versions that are tried beside the one that serves. */
const TRIED: Readonly<Record<string, string | undefined>> = {
  [SHADOW]: 'daemons score the same records with it, unseen (model.shadowBudget)',
  [CANARY]: 'daemons score a share of the keys with it (model.canaryShare)',
};

const follows = (label: string, { versions }: VersionLabels): string =>
  label !== PINNED && versions[PINNED] !== undefined
    ? `version ${versions[PINNED]} is pinned and goes on to serve: \`scorelane models pin NAME --off\` ends that`
    : label === PINNED
      ? 'daemons follow it, except those whose model.version names a version'
      : (TRIED[label] ?? `daemons with model.version: ${label} follow it`);

/**
 * Gives a version a label. Unless it is said which: the canary, or else the highest number. Throws
 * `ModelError` for one that is not there.
 */
export function promoted(
  labels: VersionLabels,
  versions: readonly string[],
  {
    version,
    label,
    now,
  }: { readonly version?: string | undefined; readonly label: string; readonly now: Date },
): LabelsMoved {
  const chosen = version ?? (label === STABLE ? labels.versions[CANARY] : undefined) ?? highest(versions);
  if (chosen === undefined) throw new ModelError('expected a version to promote, found none with a number');
  const to = mustBe(chosen, versions);
  const before = own(labels.versions, label);
  const isTrial = label === STABLE && labels.versions[CANARY] === to;
  const without = isTrial ? withMove(labels, { label: CANARY, to: null, now }) : labels;
  const after = withMove(without, { label, to, now });
  const was = before === undefined ? 'it was none before' : `it was ${before}`;
  return {
    labels: after,
    told:
      before === to
        ? `version ${to} is ${label} already`
        : `version ${to} is ${label}, ${was}; ${follows(label, after)}`,
  };
}

/**
 * Takes back the last promotion; where nothing is labelled, pins the version before the highest
 * one. Throws `ModelError` where there is nothing to go back to.
 */
export function rolledBack(
  labels: VersionLabels,
  versions: readonly string[],
  { label, now }: { readonly label: string; readonly now: Date },
): LabelsMoved {
  const current = own(labels.versions, label);
  if (current === undefined) return pinnedBefore(labels, versions, now);
  const promotion = labels.moves.findLast(
    (move) => move.label === label && move.to === current && !move.isBack,
  );
  const from = promotion?.from ?? null;
  if (from === null)
    throw new ModelError(
      `expected a promotion to take back, found none: ${current} is the first that was ${label}`,
    );
  const after = withMove(labels, { label, to: mustBe(from, versions), now, isBack: true });
  return {
    labels: after,
    told: `version ${from} is ${label} again, it was ${current}; ${follows(label, after)}`,
  };
}

function pinnedBefore(labels: VersionLabels, versions: readonly string[], now: Date): LabelsMoved {
  const current = labels.versions[PINNED] ?? highest(versions);
  const before = highest(versions.filter((version) => Number(version) < Number(current)));
  if (before === undefined)
    throw new ModelError(
      `expected a version before ${current ?? 'the latest'} to go back to, found none among these: ${of(versions)}`,
    );
  return pinned(labels, versions, { version: before, now });
}

/** From now on that version serves, whatever is added or promoted; null: no longer. */
export function pinned(
  labels: VersionLabels,
  versions: readonly string[],
  { version, now }: { readonly version: string | null; readonly now: Date },
): LabelsMoved {
  const before = labels.versions[PINNED];
  if (version === null) {
    const after = withMove(labels, { label: PINNED, to: null, now });
    return {
      labels: after,
      told: before === undefined ? 'no version is pinned' : `version ${before} is not pinned any more`,
    };
  }
  const after = withMove(labels, { label: PINNED, to: mustBe(version, versions), now });
  return { labels: after, told: `version ${version} is pinned; ${follows(PINNED, after)}` };
}
