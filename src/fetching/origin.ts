// Where a version was fetched from, in a file of its folder: so that the same archive is known
// again, and another one under the same number is not taken for it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { shownUrl } from './get.ts';

export const ORIGIN_FILE = 'fetched.json';

const schema = z.object({ url: z.string(), sha256: z.string(), fetchedAt: z.string() });

/** The text of that file. */
export const originOf = (url: URL, sha256: string): string =>
  `${JSON.stringify({ url: shownUrl(url), sha256, fetchedAt: new Date().toISOString() }, null, 2)}\n`;

/** Null for a version that was not fetched. */
export function readOrigin(folder: string): z.infer<typeof schema> | null {
  try {
    return schema.parse(JSON.parse(readFileSync(join(folder, ORIGIN_FILE), 'utf8')));
  } catch {
    // None of ours: whoever has written the folder knows what it is.
    return null;
  }
}
