// Keys that were renamed. An old name is refused with a message that gives the new one, whatever
// source it comes from: nothing that somebody set is ignored.

import { leafByKey, variableOf } from './leaves.ts';

const RENAMED: ReadonlyMap<string, string> = new Map([
  ['state.directory', 'snapshots.directory'],
  ['state.snapshotInterval', 'snapshots.interval'],
]);

/** What to do about a key, if it is an old one. */
export function renamedKey(key: string): string | null {
  const now = RENAMED.get(key);
  return now === undefined ? null : `${key}: expected its new name ${now}, found the old one`;
}

/** A problem for each environment variable with an old name. */
export const renamedVariables = (environment: NodeJS.ProcessEnv): string[] =>
  [...RENAMED].flatMap(([old, now]) => {
    const variable = variableOf(old.split('.'));
    if (environment[variable] === undefined) return [];
    return [`${variable}: ${old}: expected its new name ${leafByKey.get(now)?.variable}, found the old one`];
  });
