// The labels of a model's versions, in labels.yaml beside the folders of the versions: `stable: 3`.
// Daemons that serve a label follow it, so one file moves all of them. It is replaced by a rename:
// nobody reads half of it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { replaceFile } from '../files/replace-file.ts';
import { checked, documentIn, readModelFile } from '../model/model-files.ts';
import { own } from '../model/predictor.ts';
import { wanted } from '../written/wanted.ts';

/** A move of a label, which a rollback takes back. `null`: there was no such label. */
export interface LabelMove {
  readonly label: string;
  readonly from: string | null;
  readonly to: string | null;
  /** ISO 8601, UTC. */
  readonly movedAt: string;
  /** Whether it took back another one. */
  readonly isBack: boolean;
}

export interface VersionLabels {
  /** By label, the version that it names. */
  readonly versions: Readonly<Record<string, string>>;
  /** The latest last. */
  readonly moves: readonly LabelMove[];
}

/** Which version serves, whatever the configuration says, unless that names a version itself. */
export const PINNED = 'pinned';
/** Which version serves where a configuration says `version: stable`, and so on. */
export const STABLE = 'stable';

export const NO_LABELS: VersionLabels = { versions: {}, moves: [] };

/** What a label may be called: no version has such a name, nor is it `latest`. */
export const LABEL_NAME = /^(?!latest$)[a-z][a-z0-9-]{0,62}$/;

const MOVES_MAX = 100;

const version = z.union([z.string().min(1), z.int().positive().transform(String)]);
const schema = z.strictObject({
  labels: z
    .record(
      z.string().regex(LABEL_NAME, { error: 'expected a label of small letters, digits and hyphens' }),
      version,
    )
    .default({}),
  moves: z
    .array(
      z.strictObject({
        label: z.string(),
        from: version.nullable(),
        to: version.nullable(),
        movedAt: z.string(),
        isBack: z.boolean().default(false),
      }),
    )
    .default([]),
});

export const labelsFile = (repository: string, model: string): string =>
  join(repository, model, 'labels.yaml');

/** None where there is no such file. Throws `ModelError`, with the file and the place in it. */
export function readLabels(repository: string, model: string): VersionLabels {
  const file = labelsFile(repository, model);
  if (!existsSync(file)) return NO_LABELS;
  const document = documentIn(file, readModelFile(file));
  const { labels, moves } = checked(file, () => document, schema, wanted(document, schema));
  return { versions: labels, moves };
}

/** The labels after a move. `to`: null takes the label away. */
export function withMove(
  labels: VersionLabels,
  { label, to, now, isBack = false }: { label: string; to: string | null; now: Date; isBack?: boolean },
): VersionLabels {
  const { versions, moves } = labels;
  const from = own(versions, label) ?? null;
  if (from === to) return labels;
  const { [label]: _, ...others } = versions;
  return {
    versions: to === null ? others : { ...others, [label]: to },
    moves: [...moves, { label, from, to, movedAt: now.toISOString(), isBack }].slice(-MOVES_MAX),
  };
}

/** Throws what writing throws. */
export function writeLabels(repository: string, model: string, { versions, moves }: VersionLabels): void {
  const head =
    'Moved by `scorelane models promote`, `rollback` and `pin`; daemons look at it every model.watch.';
  replaceFile(labelsFile(repository, model), `# ${head}\n${stringify({ labels: versions, moves })}`);
}
