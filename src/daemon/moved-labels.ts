// Moves labels of a model's versions in its repository: for the commands and for administration.

import { versionsOf } from '../model/repository.ts';
import { labelsFile, readLabels, type VersionLabels, writeLabels } from '../versions/labels.ts';
import type { LabelsMoved } from '../versions/move-labels.ts';
import { fileTrouble } from '../written/file-trouble.ts';
import { CannotWriteError } from './errors.ts';

export type LabelsMove = (labels: VersionLabels, versions: readonly string[]) => LabelsMoved;

/** What was done, in words. Throws `ModelError` and `CannotWriteError`. */
export function moveLabels(repository: string, model: string, move: LabelsMove): string {
  const versions = versionsOf(repository, model);
  const before = readLabels(repository, model);
  const { labels, told } = move(before, versions);
  try {
    if (labels !== before) writeLabels(repository, model, labels);
  } catch (error) {
    const file = labelsFile(repository, model);
    throw new CannotWriteError(`${file}: ${fileTrouble(error, file, 'write')}`, { cause: error });
  }
  return told;
}
