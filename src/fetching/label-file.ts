// What the labels of an index were when they were last followed, in a file beside the versions: so
// that a daemon that starts again does not take back what was promoted here since.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../files/replace-file.ts';
import type { FollowedLabels } from './followed-index.ts';

const schema = z.record(z.string(), z.string());

const fileOf = (repository: string, model: string): string =>
  join(repository, model, '.followed-labels.json');

/** None where there is no such file, or none that can be read: then the index is followed anew. */
export function readFollowed(repository: string, model: string): FollowedLabels {
  try {
    return schema.parse(JSON.parse(readFileSync(fileOf(repository, model), 'utf8')));
  } catch {
    return {};
  }
}

/** Throws what writing throws. */
export function writeFollowed(repository: string, model: string, labels: FollowedLabels): void {
  replaceFile(fileOf(repository, model), JSON.stringify(labels));
}
