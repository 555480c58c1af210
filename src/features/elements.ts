// Lists in records, and lists in lists: their elements in the order in which a tensor has them.

import { describe, rejected } from './refusals.ts';
import type { Rejection } from './rejection.ts';

/** Puts one element somewhere; `index` counts from the first one of the outermost list. */
export type PutElement = (element: unknown, index: number, path: string) => Rejection | null;

/**
 * Visits the elements of a value that must be lists of these lengths, the outermost first. `what`
 * says what the elements are, for the words of a refusal.
 */
export function forEachElement(
  path: string,
  value: unknown,
  lengths: readonly number[],
  what: string,
  put: PutElement,
): Rejection | null {
  const level = (list: unknown, depth: number, first: number, place: string): Rejection | null => {
    const [length = 0, ...inner] = lengths.slice(depth);
    const name = `field "${place}"`;
    if (!Array.isArray(list))
      return rejected(
        'WRONG_SHAPE',
        `${name} is ${describe(list)}, expected ${wordsFor([length, ...inner], what)}`,
      );
    if (list.length !== length) {
      const areLists = Array.isArray(list[0]);
      const hint =
        areLists && inner.length === 0
          ? '; for lists in lists give their lengths as shape in model.yaml'
          : '';
      return rejected(
        'WRONG_SHAPE',
        `${name} has ${list.length} ${areLists ? 'lists' : what}, expected ${length}` +
          `${areLists === inner.length > 0 ? '' : ` ${inner.length > 0 ? 'lists' : what}`}${hint}`,
      );
    }
    const each = inner.reduce((product, inside) => product * inside, 1);
    for (let index = 0; index < length; index++) {
      const element = first + index * each;
      const below = `${place}.${index}`;
      const refusal =
        inner.length === 0 ? put(list[index], element, below) : level(list[index], depth + 1, element, below);
      if (refusal !== null) return refusal;
    }
    return null;
  };
  return level(value, 0, 0, path);
}

const wordsFor = (lengths: readonly number[], what: string): string =>
  lengths.length === 1
    ? `a list of ${lengths[0]} ${what}`
    : `a list of ${lengths[0]} lists${lengths
        .slice(1, -1)
        .map((length) => ` of ${length} lists`)
        .join('')} of ${lengths.at(-1)} ${what}`;
