// "Did you mean": the nearest of the words that there are.

import { closest, distance } from 'fastest-levenshtein';

/** One letter in three may be wrong, missing or too many; of more than three letters, two. */
const wrongMax = ({ length }: string): number => Math.max(length > 3 ? 2 : 1, Math.floor(length / 3));

/** `; did you mean "x"?`, or nothing if no word is near. */
export function didYouMean(word: string, among: readonly string[]): string {
  const near = nearest(word, among);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

export function nearest(word: string, among: readonly string[]): string | undefined {
  if (among.length === 0) return undefined;
  const near = closest(
    word.toLowerCase(),
    among.map((each) => each.toLowerCase()),
  );
  const found = among.find((each) => each.toLowerCase() === near) as string;
  const isNear = distance(word.toLowerCase(), near) <= wrongMax(near);
  return isNear ? found : undefined;
}
