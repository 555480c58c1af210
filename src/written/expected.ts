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
  const { isInt } = type;
  const [low, high] = [boundOf(type, 'greater_than', isInt), boundOf(type, 'less_than', isInt)];
  const isWithin = low?.inclusive === true && high?.inclusive === true;
  const range = isWithin
    ? [`from ${low.value} to ${high.value}`]
    : [
        low === undefined ? '' : `${low.inclusive ? 'of at least' : 'above'} ${low.value}`,
        high === undefined ? '' : `${high.inclusive ? 'of at most' : 'below'} ${high.value}`,
      ].filter((part) => part !== '');
  return [isInt ? 'a whole number' : 'a number', range.join(' and ')].join(' ').trimEnd();
}

interface Bound {
  readonly value: number;
  readonly inclusive: boolean;
}

/** The bound of one side. That of a whole number is the last one that is taken. */
function boundOf(type: z.ZodNumber, side: 'greater_than' | 'less_than', isInt: boolean): Bound | undefined {
  const checks = (type._zod.def.checks ?? []).map(
    (each) => each._zod.def as Partial<Bound> & typeof each._zod.def,
  );
  const { value, inclusive = true } = checks.find(({ check }) => check === side) ?? {};
  if (value === undefined) return undefined;
  if (!isInt || inclusive) return { value, inclusive };
  return { value: side === 'greater_than' ? Math.floor(value) + 1 : Math.ceil(value) - 1, inclusive: true };
}

const knownKeys = (schema: unknown): readonly string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
