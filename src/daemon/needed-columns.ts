// The columns of a CSV that a model reads, and those that are wanted besides: as text where an
// input takes text or `--text` names them.

import { parsePath } from '../features/path.ts';
import type { ReadField } from '../features/reads.ts';
import type { UsedField } from '../load/csv.ts';

/** `others` are taken if they are there, each once, where the model does not read them. */
export function neededColumns(
  fields: readonly ReadField[],
  texts: readonly string[],
  others: readonly string[] = [],
): UsedField[] {
  const more = [...new Set(others)].filter((name) => !fields.some(({ path }) => path === name));
  const unread = more.map((path) => ({ path, isNumber: false, isText: false, isRequired: false }));
  return [...fields, ...unread].map(({ path, isText, ...field }) => ({
    name: path,
    steps: parsePath(path),
    ...field,
    isText: isText || texts.includes(path),
  }));
}
