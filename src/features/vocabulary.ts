// A vocabulary: the words that have a number of their own, as Keras' StringLookup and IntegerLookup
// have them.

import { z } from 'zod';
import '../written/expected.ts';

const word = z.union([z.string(), z.number(), z.boolean()]);
const wordList = z.array(word).min(1);
const number = z
  .int()
  .nonnegative()
  .max(2 ** 31 - 1);
const placing = {
  /** The number of the first word. */
  first: number.default(1),
  /** The number of every word that is not in it. */
  unknown: number.default(0),
};

const written = z.union([
  wordList.transform((values) => ({ values, first: 1, unknown: 0 })),
  z.strictObject({ values: wordList, ...placing }),
  z.strictObject({ file: z.string().min(1), ...placing }),
]);

export interface Vocabulary {
  /** In the order of their numbers. Numbers and flags by their text. */
  readonly values: readonly string[];
  readonly first: number;
  readonly unknown: number;
  /**
   * Where the words are, one a line, if they are not in model.yaml; relative to the model's folder.
   */
  readonly file?: string;
}

/** Words of a file are not read here: see `withWords`. */
export const vocabularySchema = written.transform((vocabulary, context): Vocabulary => {
  if ('file' in vocabulary) return { ...vocabulary, values: [] };
  const values = vocabulary.values.map(String);
  const twice = firstTwice(values);
  if (twice !== undefined)
    context.addIssue({
      code: 'custom',
      message: `expected each word once, found ${JSON.stringify(twice)} twice`,
    });
  return { ...vocabulary, values };
});

export function firstTwice(values: readonly string[]): string | undefined {
  if (new Set(values).size === values.length) return undefined;
  const seen = new Set<string>();
  return values.find((value) => seen.size === seen.add(value).size);
}

/** The lines of a vocabulary's file. A last line end begins no further word. */
export function wordsIn(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The largest number that it gives. */
export const largestId = ({ values, first, unknown }: Vocabulary): number =>
  Math.max(unknown, first + values.length - 1);

/** The number of a word, by its text. */
export function numberOf({ values, first, unknown }: Vocabulary): (word: string) => number {
  const numbers = new Map(values.map((value, index) => [value, first + index]));
  return (word) => numbers.get(word) ?? unknown;
}
