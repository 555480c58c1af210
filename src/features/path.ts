// Where a field stands in a decoded value: `amount`, or `card.country` for a nested one, `items.0`
// for the first of a list. A dot that belongs to a key has a backslash before it, `http\.status`,
// and so has a backslash.

/** The steps from the value down to the field. */
export type Path = readonly string[];

/**
 * A step with the dot behind it: letters of the key, or what a backslash stands before. Any other
 * backslash is a letter of the key.
 */
const STEP = /((?:\\[.\\]|[^.])*)\./g;

export const parsePath = (text: string): Path =>
  [...`${text}.`.matchAll(STEP)].map(([, step = '']) => step.replaceAll(/\\([.\\])/g, '$1'));

/**
 * The text of a path: `parsePath` gives it back, and of two texts of one path this is the one to
 * compare by.
 */
export const formatPath = (path: Path): string =>
  path.map((step) => step.replaceAll(/\\(?=[.\\]|$)|\./g, '\\$&')).join('.');

export const canonicalPath = (text: string): string => formatPath(parsePath(text));

const ELEMENT = /^(?:0|[1-9]\d*)$/;

/** Whether a step may be the number of a list's element. */
export const isElement = (step: string): boolean => ELEMENT.test(step);

/** Whether a value has fields by names: no list, no bytes. */
export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/**
 * The field of that name, or the element of that number: what the value itself holds, not what
 * every object has.
 */
export function valueIn(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return isElement(step) ? value[Number(step)] : undefined;
  return isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** The value at a path, or undefined where any step of it is missing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) value = valueIn(value, step);
  return value;
}
