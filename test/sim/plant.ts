// Plants a deliberate bug: changes the text of one source file while it is loaded. Text that is not
// there exactly once is an error.

import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Bug } from './bugs.ts';

const urlOf = ({ file }: Bug): URL => new URL(`../../src/${file}`, import.meta.url);

/** How often the text that a bug changes stands in its file: it must be once. */
export const occurrences = (bug: Bug): number => readFileSync(urlOf(bug), 'utf8').split(bug.find).length - 1;

/** From now on the module of that bug is loaded with it. */
export function plant(bug: Bug): void {
  const { file, find, replace } = bug;
  const url = urlOf(bug).href;
  registerHooks({
    load(asked, context, next) {
      const loaded = next(asked, context);
      if (asked !== url) return loaded;
      const source = String(loaded.source);
      if (source.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`);
      return { ...loaded, source: source.replace(find, () => replace) };
    },
  });
}
