// What model.yaml may say under `inputs` for tensors of whole numbers, flags and text: categories
// by their number, and values as they stand in the record.

import { z } from 'zod';
import '../written/expected.ts';
import { largestId, type Vocabulary, vocabularySchema } from './vocabulary.ts';

const path = () => z.string().min(1);
const count = () => z.int().positive().optional();
const word = () => z.union([z.string(), z.number(), z.boolean()]).optional();

/** A field, or each element of a list of exactly `count`, by its number in a vocabulary. */
export const category = z.strictObject({
  path: path(),
  vocabulary: vocabularySchema,
  count: count(),
  default: word(),
});

/**
 * A field by its hash, as Keras' layer Hashing numbers it: FarmHash's Fingerprint64 of the text
 * modulo the bins. With a `mask`, that value is 0 and all others are 1 and above.
 */
export const hashing = z.strictObject({
  path: path(),
  hashing: z.strictObject({
    bins: z
      .int()
      .min(1)
      .max(2 ** 31 - 1),
    mask: word(),
  }),
  count: count(),
  default: word(),
});

const STANDARDIZE = ['lower_and_strip_punctuation', 'lower', 'strip_punctuation', 'none'] as const;

/**
 * The words of a text by their numbers in a vocabulary, as Keras' layer TextVectorization gives
 * them: the first `count`, filled with 0.
 */
export const tokens = z.strictObject({
  path: path(),
  tokens: z.strictObject({
    vocabulary: vocabularySchema,
    count: z.int().positive(),
    standardize: z.enum(STANDARDIZE).default('lower_and_strip_punctuation'),
    split: z.enum(['whitespace', 'character']).default('whitespace'),
  }),
  default: z.string().optional(),
});

/** How the cell of a column is written: as a float32, or as an int32. */
interface Cell {
  readonly cell: 'float' | 'int';
}

interface Listed {
  readonly path: string;
  /** The field is a list of exactly so many. */
  readonly count?: number | undefined;
  /** The lengths of the lists in lists, if there are any; their product is `count`. */
  readonly shape?: readonly number[] | undefined;
}

export type CategoryInput = { readonly kind: 'category' } & z.infer<typeof category> & Cell;
export type HashingInput = { readonly kind: 'hashing' } & z.infer<typeof hashing> & Cell;
export type TokensInput = { readonly kind: 'tokens' } & z.infer<typeof tokens> & Cell;

/** A whole number of 32 bits, as it stands in the record. */
export interface IntegerInput extends Listed {
  readonly kind: 'integer';
  readonly default?: number | undefined;
}

/** A flag: true or false, 1 or 0. */
export interface FlagInput extends Listed {
  readonly kind: 'flag';
  readonly default?: boolean | undefined;
}

/** Text as it stands in the record; numbers and flags by their text. */
export interface TextInput extends Listed {
  readonly kind: 'text';
  readonly default?: string | undefined;
}

export type CellInput = CategoryInput | HashingInput | TokensInput | IntegerInput | FlagInput | TextInput;

/** How many columns an input has. */
export const cellsOf = (input: CellInput): number =>
  input.kind === 'tokens' ? input.tokens.count : (input.count ?? 1);

export const vocabularyOf = (input: CellInput): Vocabulary | undefined =>
  input.kind === 'category'
    ? input.vocabulary
    : input.kind === 'tokens'
      ? input.tokens.vocabulary
      : undefined;

/** The largest number that can stand in its columns. */
export function largestIn(input: CategoryInput | HashingInput | TokensInput): number {
  if (input.kind === 'hashing') return input.hashing.bins - 1;
  return largestId(input.kind === 'category' ? input.vocabulary : input.tokens.vocabulary);
}
