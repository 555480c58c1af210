// Where a field stands in a decoded value: `amount`, or `card.country` for a nested field, or
// `items.0` for the first element of a list. A dot that belongs to a key has a backslash before it:
// `http\.status`. So has a backslash that belongs to a key.

/** The steps from the value down to the field. */
export type Path = readonly string[];

/**
 * A step with the dot behind it. A backslash before a dot or a backslash makes that a letter of the
 * key. Any other backslash is itself a letter of the key.
 */
const STEP = /((?:\\[.\\]|[^.])*)\./g;

export const parsePath = (text: string): Path =>
  [...`${text}.`.matchAll(STEP)].map(([, step = '']) => step.replaceAll(/\\([.\\])/g, '$1'));

/**
 * The text of a path. `parsePath` gives the path back. Several texts can mean one path: compare
 * paths by this text.
 */
export const formatPath = (path: Path): string =>
  path.map((step) => step.replaceAll(/\\(?=[.\\]|$)|\./g, '\\$&')).join('.');

export const canonicalPath = (text: string): string => formatPath(parsePath(text));

const ELEMENT = /^(?:0|[1-9]\d*)$/;

/** Whether a step may be the number of an element of a list. */
export const isElement = (step: string): boolean => ELEMENT.test(step);

/** Whether a value has named fields: it is no list and no bytes. */
export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/**
 * The field with that name, or the element with that number. Only what the value itself holds is
 * found, not what every object inherits.
 */
export function valueIn(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return isElement(step) ? value[Number(step)] : undefined;
  return isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** The value at a path, or undefined if any step of it is missing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) value = valueIn(value, step);
  return value;
}
