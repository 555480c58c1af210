// What a replay was told to do, with everything decided that the log or a model decide: it is kept
// with the sums, so that a replay that goes on does the same.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { OffsetRange } from '../log/offset.ts';
import type { Comparison, SavedComparison, Thresholds } from './comparison.ts';
import type { HistoryPart } from './range-source.ts';

export interface PlannedVersion {
  readonly model: string;
  readonly version: string;
  /** Of all its files, so that another model by the same name is noticed. */
  readonly fingerprint: string;
}

/** A part of the history, as it was planned. */
export interface PlannedRange extends OffsetRange {
  readonly placedBy?: readonly number[];
}

export interface LabelsTopic {
  readonly topic: string;
  readonly ranges: readonly OffsetRange[];
}

export interface RunPlan {
  readonly topic: string;
  /** Null where the brokers tell none. */
  readonly topicId: string | null;
  /** As the user said it. */
  readonly from: string;
  readonly to: string;
  /** By partition. */
  readonly ranges: readonly PlannedRange[];
  readonly candidate: PlannedVersion;
  readonly baseline: PlannedVersion | null;
  /** The field of results that is compared. */
  readonly score: string;
  readonly thresholds: Thresholds;
  /** Paths in the input. */
  readonly label: string | null;
  readonly id: string | null;
  readonly labelsTopic: LabelsTopic | null;
  readonly toTopic: string | null;
}

/** A replay on its way. */
export interface ReplayRun {
  readonly plan: RunPlan;
  readonly parts: readonly HistoryPart[];
  readonly comparison: Comparison;
  /** How long it scored before it was interrupted. */
  readonly secondsBefore: number;
}

/** As it is kept in a file. */
export interface SavedRun {
  readonly plan: RunPlan;
  readonly positions: readonly number[];
  readonly comparison: SavedComparison;
  readonly seconds: number;
}

/** SHA-256 in hexadecimal digits of the names and the contents. */
export function fingerprintOf(modelFolder: string): string {
  const hash = createHash('sha256');
  const entries = readdirSync(modelFolder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const path of paths.sort()) {
    const bytes = readFileSync(path);
    hash.update(`${relative(modelFolder, path)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

export const savedRun = ({ plan, parts, comparison }: ReplayRun, seconds: number): SavedRun => ({
  plan,
  positions: parts.map(({ position }) => position),
  comparison: comparison.saved(),
  seconds,
});
