// The labels of a model as one who looks at them again and again reads them: the file only where it
// may be another one. To parse a hundred moves takes the main thread some milliseconds, in which no
// record is fetched or produced.

import { statSync } from 'node:fs';
import { labelsFile, NO_LABELS, readLabels, type VersionLabels } from './labels.ts';

/**
 * The clock of a file system may stand still for some milliseconds, and the number of a file that
 * was replaced is given out again: a younger file may be another one that looks the same.
 */
const SURE_AFTER_MS = 1_000;

interface Seen {
  readonly mark: string;
  readonly labels: VersionLabels;
}

/** Each call of what it returns is as `readLabels`, and throws what that throws. */
export function seenLabels(repository: string, model: string): () => VersionLabels {
  const file = labelsFile(repository, model);
  let seen: Seen | null = null;
  return () => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return NO_LABELS;
    // Before the file is read: what comes in between is read now, and once more by the next look.
    const mark = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
    if (seen?.mark === mark) return seen.labels;
    const labels = readLabels(repository, model);
    const isSure = Date.now() - Math.max(found.mtimeMs, found.ctimeMs) > SURE_AFTER_MS;
    seen = isSure ? { mark, labels } : null;
    return labels;
  };
}
