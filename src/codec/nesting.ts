// How deep a value is nested: a number has depth 0, a list of numbers 1, a map of lists 2. Deep
// values cost much more stack and time than their bytes suggest.

/** The limit if none is configured. */
export const NESTING_MAX = 64;

/** Whether a decoded value is nested deeper than `max`. It looks no deeper than that. */
export function isNestedDeeper(value: unknown, max: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  if (max === 0) return true;
  return Object.values(value).some((inner) => isNestedDeeper(inner, max - 1));
}
