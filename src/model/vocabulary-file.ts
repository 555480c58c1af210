// Vocabularies and labels that stand in files beside model.yaml.

import { vocabularyOf } from '../features/category-spec.ts';
import type { PlanInput } from '../features/spec.ts';
import { firstTwice, type Vocabulary, wordsIn } from '../features/vocabulary.ts';
import { ModelError } from './model-error.ts';
import type { DerivedResult } from './results-spec.ts';

/** The input with the words of its file. Throws `ModelError`. */
export function readVocabulary(input: PlanInput, readFile: (file: string) => string): PlanInput {
  if (input.kind !== 'category' && input.kind !== 'tokens') return input;
  const vocabulary = vocabularyOf(input);
  if (vocabulary?.file === undefined) return input;
  const { file, ...rest } = vocabulary;
  const read: Vocabulary = { ...rest, values: wordsIn(readFile(file)) };
  const twice = firstTwice(read.values);
  if (read.values.length === 0) throw new ModelError(`${file}: expected a word a line, found none`);
  if (twice !== undefined)
    throw new ModelError(`${file}: expected each word once, found ${JSON.stringify(twice)} twice`);
  return input.kind === 'category'
    ? { ...input, vocabulary: read }
    : { ...input, tokens: { ...input.tokens, vocabulary: read } };
}

/** The result with the labels of its file, one a line. Throws `ModelError`. */
export function withLabels(result: DerivedResult, readFile: (file: string) => string): DerivedResult {
  if ((result.kind !== 'argmax' && result.kind !== 'top') || result.labels === undefined) return result;
  return 'file' in result.labels ? { ...result, labels: wordsIn(readFile(result.labels.file)) } : result;
}
