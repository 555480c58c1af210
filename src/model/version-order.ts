// The order of versions by their names, wherever several are told: numbers by their value.

/** For `sort`: the highest last. */
export const compareVersions = (one: string, other: string): number =>
  one.localeCompare(other, 'en', { numeric: true });
