// The names in a result. Each must be there only once, or readers would take one value for another.

import { parsePath } from '../features/path.ts';

/** The name of the field with the features that were scored. */
export const FEATURES = 'features';

/** The name of an id in a result: its path, without the backslashes that only paths need. */
export const nameOfId = (path: string): string => parsePath(path).join('.');

/**
 * A name that a result would have twice, if there is one. `features` says whether results carry the
 * features.
 */
export function nameTwice(
  idPaths: readonly string[],
  outputs: readonly string[],
  features: boolean,
): string | undefined {
  const names = [...outputs, 'model', 'version', ...(features ? [FEATURES] : []), ...idPaths.map(nameOfId)];
  return names.find((name, index) => names.indexOf(name) < index);
}
