// Where a field stands in a decoded value: `amount`, or `card.country` for a nested one.

export type Path = readonly string[];

export const parsePath = (path: string): Path => path.split('.');

/** The value at a path, or undefined where any step of it is missing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}
