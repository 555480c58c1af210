// What model.yaml may say under `inputs`. Each entry is one or several columns of the model's
// input. Its keys tell of which kind it is. Checked here, compiled by plan.ts.

import { z } from 'zod';
import '../written/expected.ts';
import { type CellInput, category, cellsOf, hashing, tokens } from './category-spec.ts';
import { TIME_UNITS } from './time-unit.ts';
import { type Window, windowSchema } from './window-spec.ts';

const path = () => z.string().min(1);

/**
 * Scaling of a number: `(number - mean) / std`. With `log1p`, the log1p of the number is scaled
 * instead. `min` and `max` are another way to say mean and std.
 */
const scaling = {
  log1p: z.boolean().default(false),
  mean: z.number().optional(),
  std: z.number().positive().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
};

const field = z.strictObject({
  path: path(),
  count: z.int().positive().optional(),
  shape: z.array(z.int().positive()).min(2).optional(),
  default: z.union([z.number(), z.string(), z.boolean()]).optional(),
  ...scaling,
});
const constant = z.strictObject({ constant: z.number() });
const difference = z.strictObject({ path: path(), minus: path(), ...scaling });
const oneHot = z.strictObject({
  path: path(),
  oneOf: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
});
const hashed = z.strictObject({
  path: path(),
  hash: z.strictObject({ buckets: z.int().min(2), seed: z.int().nonnegative().max(0xffff_ffff).default(0) }),
});

/** Parts of a time, each with its length: after so many units it begins again. */
export const TIME_PARTS = {
  hour: 24,
  weekday: 7,
  monthDay: 31,
  month: 12,
  isWeekend: 1,
  isNight: 1,
} as const;
export type TimePart = keyof typeof TIME_PARTS;

const time = z.strictObject({
  time: z.enum(Object.keys(TIME_PARTS) as [TimePart, ...TimePart[]]),
  path: path().optional(),
  unit: z.enum(TIME_UNITS).default('ms'),
  offsetMinutes: z.int().min(-1_440).max(1_440).default(0),
  cyclic: z.boolean().default(false),
});

const window = z.strictObject({ window: windowSchema, ...scaling });

/** By key that only one kind of entry has: the schema of that kind. */
const KINDS = {
  constant,
  minus: difference,
  oneOf: oneHot,
  hash: hashed,
  time,
  window,
  vocabulary: category,
  hashing,
  tokens,
} as const;

interface Scaling {
  readonly log1p: boolean;
  readonly mean: number;
  readonly std: number;
}

/**
 * A field: `((log1p of) the number - mean) / std`, computed in double precision and rounded to
 * float32. With a `count`, the field is a list of exactly so many numbers, and each of them is a
 * column. `default` replaces a missing or null field, and a null in a list. For a missing list it
 * is repeated `count` times. With a `shape`, the field is lists in lists of these lengths, and
 * `count` is their product.
 */
export interface FieldInput extends Scaling {
  readonly kind: 'field';
  readonly path: string;
  readonly count?: number | undefined;
  readonly shape?: readonly number[] | undefined;
  /** A number, unless the field is for a tensor of flags or of text. */
  readonly default?: number | string | boolean | undefined;
}

/** One field minus another, scaled. */
export interface DifferenceInput extends Scaling {
  readonly kind: 'difference';
  readonly path: string;
  readonly minus: string;
}

/** An aggregate over what the same key did before, scaled. */
export interface WindowInput extends Scaling {
  readonly kind: 'window';
  readonly window: Window;
}

/** Inputs that are computed from one record alone. */
export type StatelessInput =
  | FieldInput
  | DifferenceInput
  | ({ readonly kind: 'constant' } & z.infer<typeof constant>)
  | ({ readonly kind: 'oneHot' } & z.infer<typeof oneHot>)
  | ({ readonly kind: 'hashed' } & z.infer<typeof hashed>)
  | ({ readonly kind: 'time' } & z.infer<typeof time>)
  | CellInput
  | WholeInput;

/** What has small whole numbers in its columns, written as int32. */
export interface WholeInput {
  readonly kind: 'whole';
  readonly input: Extract<StatelessInput, { readonly kind: 'constant' | 'oneHot' | 'hashed' | 'time' }>;
}

export type PlanInput = StatelessInput | WindowInput;

/** The fields that a record must have for an input. */
export function fieldsOf(input: PlanInput): string[] {
  if (input.kind === 'whole') return fieldsOf(input.input);
  if (input.kind === 'constant') return [];
  if (input.kind === 'window') {
    const { by, of, fields = [of] } = input.window;
    return [by, ...fields].filter((path) => path !== undefined);
  }
  if (input.kind === 'difference') return [input.path, input.minus];
  if ('default' in input && input.default !== undefined) return [];
  return input.path === undefined ? [] : [input.path];
}

/** How many columns an input has. */
export function widthOf(input: PlanInput): number {
  switch (input.kind) {
    case 'field':
      return input.count ?? 1;
    case 'oneHot':
      return input.oneOf.length;
    case 'hashed':
      return input.hash.buckets;
    case 'time':
      return input.cyclic ? 2 : 1;
    case 'whole':
      return widthOf(input.input);
    case 'constant':
    case 'difference':
      return 1;
    case 'window':
      return (input.window.count ?? 1) * (input.window.fields?.length ?? 1);
    default:
      return cellsOf(input);
  }
}

/** One entry of `inputs`. */
export const planInput = z.unknown().transform((value, context): PlanInput => {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const own = keys.find((key): key is keyof typeof KINDS => Object.hasOwn(KINDS, key));
  const parsed = (own === undefined ? field : KINDS[own]).safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  }
  return kindOf(parsed.data, (message) => context.addIssue({ code: 'custom', message }));
});

type Parsed =
  | z.infer<typeof field>
  | z.infer<typeof constant>
  | z.infer<typeof difference>
  | z.infer<typeof oneHot>
  | z.infer<typeof hashed>
  | z.infer<typeof time>
  | z.infer<typeof window>
  | z.infer<typeof category>
  | z.infer<typeof hashing>
  | z.infer<typeof tokens>;

function kindOf(parsed: Parsed, complain: (message: string) => void): PlanInput {
  if ('constant' in parsed) return { kind: 'constant', ...parsed };
  if ('oneOf' in parsed) {
    const twice = parsed.oneOf.find((value, index) => parsed.oneOf.indexOf(value) < index);
    if (twice !== undefined)
      complain(`expected each value of oneOf once, found ${JSON.stringify(twice)} twice`);
    const rounded = parsed.oneOf.find((value) => Number.isInteger(value) && !Number.isSafeInteger(value));
    if (rounded !== undefined)
      complain(`expected quotes around an integer past 2^53, found oneOf with ${rounded}`);
    return { kind: 'oneHot', ...parsed };
  }
  if ('hash' in parsed) return { kind: 'hashed', ...parsed };
  if ('time' in parsed) {
    if (parsed.cyclic && TIME_PARTS[parsed.time] === 1)
      complain(`expected a time that has a cycle, found cyclic with ${parsed.time}, which is a flag`);
    return { kind: 'time', ...parsed };
  }
  if ('vocabulary' in parsed) return { kind: 'category', cell: 'float', ...parsed };
  if ('hashing' in parsed) return { kind: 'hashing', cell: 'float', ...parsed };
  if ('tokens' in parsed) return { kind: 'tokens', cell: 'float', ...parsed };
  const { log1p, mean, std, min, max, ...rest } = parsed;
  const scaled = { log1p, ...scaleOf({ mean, std, min, max }, complain) };
  if ('window' in rest) return { kind: 'window', ...rest, ...scaled };
  if ('minus' in rest) return { kind: 'difference', ...rest, ...scaled };
  if (rest.shape === undefined) return { kind: 'field', ...rest, ...scaled };
  if (rest.count !== undefined) complain('expected count or shape, not both');
  const product = rest.shape.reduce((all, length) => all * length, 1);
  return { kind: 'field', ...rest, count: product, ...scaled };
}

interface Said {
  readonly mean?: number | undefined;
  readonly std?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

function scaleOf(
  { mean, std, min, max }: Said,
  complain: (message: string) => void,
): { readonly mean: number; readonly std: number } {
  if (min === undefined && max === undefined) return { mean: mean ?? 0, std: std ?? 1 };
  if (min === undefined || max === undefined) complain('expected both min and max');
  else if (mean !== undefined || std !== undefined)
    complain('expected mean and std, or min and max, not both');
  else if (max <= min) complain(`expected max above min, found ${max} and ${min}`);
  else return { mean: min, std: max - min };
  return { mean: 0, std: 1 };
}

const MINUTE_MS = 60_000;

/** A name for each column of an input, for people who look at the matrix. */
export function columnNames(input: PlanInput): string[] {
  switch (input.kind) {
    case 'field': {
      const { path: name, count } = input;
      return count === undefined ? [name] : Array.from({ length: count }, (_, index) => `${name}.${index}`);
    }
    case 'constant':
      return [`constant ${input.constant}`];
    case 'difference':
      return [`${input.path} - ${input.minus}`];
    case 'oneHot':
      return input.oneOf.map((value) => `${input.path} = ${value}`);
    case 'hashed':
      return Array.from({ length: input.hash.buckets }, (_, bucket) => `${input.path} # ${bucket}`);
    case 'time':
      return input.cyclic ? [`${input.time} sine`, `${input.time} cosine`] : [input.time];
    case 'whole':
      return columnNames(input.input);
    case 'window': {
      const { function: name, of = '', by = 'key', sizeMs, delayMs, count, fields = [of] } = input.window;
      if (count !== undefined)
        return Array.from({ length: count }, (_, step) =>
          fields.map((field) => `${name}(${field}) by ${by}, ${count - 1 - step} before`),
        ).flat();
      const delay = delayMs === 0 ? '' : ` before ${delayMs / MINUTE_MS} min`;
      return [`${name}(${of}) by ${by} over ${sizeMs / MINUTE_MS} min${delay}`];
    }
    default: {
      const cells = cellsOf(input);
      return cells === 1
        ? [input.path]
        : Array.from({ length: cells }, (_, index) => `${input.path}.${index}`);
    }
  }
}
