// What zod finds wrong with a value, in our words. They are set for the whole process: no message
// of zod reaches anybody, whichever schema it comes from.

import { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  null: 'nothing',
};

z.config({ customError: (issue) => `expected ${wordsFor(issue)}` });

function wordsFor(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return aNumber(issue) ?? TYPES[issue.expected] ?? 'another kind of value';
    case 'too_small':
      return aNumber(issue) ?? `${counted(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return aNumber(issue) ?? `${counted(issue.origin, 'at most', Number(issue.maximum))}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return oneOf(
        issue.errors.flatMap(([first]) => (first === undefined ? [] : [withoutExpected(first.message)])),
      );
    case 'invalid_key':
      return withoutExpected(issue.issues[0]?.message ?? 'another key');
    case 'unrecognized_keys':
      // What is put here is copied into the issue that is reported.
      issue.known = knownKeys(issue.inst);
      return 'a key that exists, found none of this name';
    case 'invalid_format':
      return 'text of another form';
    default:
      return 'another value';
  }
}

const withoutExpected = (message: string): string => message.replace(/^expected /, '');

/** `a, b or c`, each once. */
function oneOf(options: readonly string[]): string {
  const [last, ...others] = [...new Set(options)].toReversed();
  return others.length === 0 ? `${last}` : `${others.toReversed().join(', ')} or ${last}`;
}

function counted(origin: string, bound: string, count: number): string {
  if (origin === 'array' || origin === 'set')
    return `a list of ${bound} ${count} ${count === 1 ? 'value' : 'values'}`;
  if (origin === 'string')
    return count === 1 && bound === 'at least' ? 'text that is not empty' : `${bound} ${count} letters`;
  return `${bound} ${count}`;
}

/** A number with its bounds, if the schema wants a number. */
function aNumber({ schema, inst }: RawIssue): string | undefined {
  const type = schema ?? inst;
  if (!(type instanceof z.ZodNumber)) return undefined;
  const { format, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = type._zod.bag as Readonly<
    Record<string, unknown>
  >;
  const isInt = format === 'safeint' || format === 'int32' || format === 'uint32';
  const [least, above] = isInt
    ? [next(minimum, exclusiveMinimum), undefined]
    : [bound(minimum), bound(exclusiveMinimum)];
  const [most, below] = [bound(maximum), bound(exclusiveMaximum)];
  const range = [
    least !== undefined && most !== undefined ? `from ${least} to ${most}` : '',
    least !== undefined && most === undefined ? `of at least ${least}` : '',
    least === undefined && most !== undefined ? `of at most ${most}` : '',
    above === undefined ? '' : `above ${above}`,
    below === undefined ? '' : `below ${below}`,
  ].filter((part) => part !== '');
  return [isInt ? 'a whole number' : 'a number', ...range].join(' ');
}

/** Bounds that every number has are left out. */
const bound = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;

/** The least whole number by both bounds. */
function next(minimum: unknown, exclusive: unknown): number | undefined {
  const [least, above] = [bound(minimum), bound(exclusive)];
  if (above === undefined) return least;
  return Math.max(least ?? Number.NEGATIVE_INFINITY, Math.floor(above) + 1);
}

const knownKeys = (schema: unknown): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
