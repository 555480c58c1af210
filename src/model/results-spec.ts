// What model.yaml may say under `results`: fields of a result that are derived from outputs. Each
// has a name of its own, and the key that tells its kind names what it is derived from.

import { z } from 'zod';
import '../written/expected.ts';

const name = () => z.string().min(1);
const labels = z.union([
  z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .transform((values) => values.map(String)),
  z.strictObject({ file: name() }),
]);

/** The number of the largest value, or its label. */
const argmax = z.strictObject({ as: name(), argmax: name(), labels: labels.optional() });

/**
 * The numbers of the `k` largest values, the largest first, or their labels; with `scoresAs`, also
 * the values themselves under that name. Of equal values the first comes first.
 */
const top = z.strictObject({
  as: name(),
  top: name(),
  k: z.int().positive(),
  labels: labels.optional(),
  scoresAs: name().optional(),
});

/** Whether a value is above a bound: a flag, or one of two words. */
const threshold = z
  .strictObject({
    as: name(),
    threshold: name(),
    above: z.number(),
    yes: name().optional(),
    no: name().optional(),
  })
  .refine(({ yes, no }) => (yes === undefined) === (no === undefined), { error: 'expected both yes and no' });

/** The mean difference of an output and the tensor of the same width that went in. */
const reconstructionError = z.strictObject({
  as: name(),
  reconstructionError: name(),
  /** The tensor that went in; needed where there are several. */
  of: name().optional(),
  measure: z.enum(['squared', 'absolute']).default('squared'),
});

/**
 * `factor * value + offset`, and then e to that minus 1 with `expm1`, for a target that was log1p.
 */
const rescale = z.strictObject({
  as: name(),
  rescale: name(),
  factor: z.number().default(1),
  offset: z.number().default(0),
  expm1: z.boolean().default(false),
});

const rising = (points: readonly (readonly [number, number])[]): boolean =>
  points.every(([from], index) => index === 0 || from > (points[index - 1]?.[0] as number));

/**
 * A calibrated probability. `isotonic`: by a table of [score, probability], linear between its
 * points and constant outside, as scikit-learn's IsotonicRegression. `platt`: 1 / (1 + exp(a *
 * score + b)), as its CalibratedClassifierCV has it.
 */
const calibrate = z
  .strictObject({
    as: name(),
    calibrate: name(),
    isotonic: z
      .array(z.tuple([z.number(), z.number()]))
      .min(2)
      .refine(rising, { error: 'expected points whose scores rise' })
      .optional(),
    platt: z.strictObject({ a: z.number(), b: z.number() }).optional(),
  })
  .refine(({ isotonic, platt }) => (isotonic === undefined) !== (platt === undefined), {
    error: 'expected isotonic or platt, one of them',
  });

/**
 * The inputs that have raised a score most, by leaving out one after the other: the names of `k`,
 * the largest effect first, for scores past `above`; with `effectsAs`, the effects too.
 */
const reasons = z.strictObject({
  as: name(),
  reasons: name(),
  k: z.int().positive().max(100).default(3),
  above: z.number().optional(),
  effectsAs: name().optional(),
});

const KINDS = { argmax, top, threshold, reconstructionError, rescale, calibrate, reasons } as const;
type Kind = keyof typeof KINDS;

export type DerivedResult = { [K in Kind]: { readonly kind: K } & z.infer<(typeof KINDS)[K]> }[Kind];

/** One entry of `results`. */
export const derivedResult = z.unknown().transform((value, context): DerivedResult => {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const kind = keys.find((key): key is Kind => Object.hasOwn(KINDS, key));
  if (kind === undefined) {
    context.addIssue({
      code: 'custom',
      message: `expected one of the keys ${Object.keys(KINDS).join(', ')}`,
    });
    return z.NEVER;
  }
  const parsed = KINDS[kind].safeParse(value);
  if (parsed.success) return { kind, ...parsed.data } as DerivedResult;
  for (const issue of parsed.error.issues)
    context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
  return z.NEVER;
});

/** The output, or the result before it, that it is derived from. */
export const sourceOf = (result: DerivedResult): string => {
  switch (result.kind) {
    case 'argmax':
      return result.argmax;
    case 'top':
      return result.top;
    case 'threshold':
      return result.threshold;
    case 'reconstructionError':
      return result.reconstructionError;
    case 'rescale':
      return result.rescale;
    case 'calibrate':
      return result.calibrate;
    case 'reasons':
      return result.reasons;
  }
};

/** The fields that it adds to a result. */
export function namesOf(result: DerivedResult): readonly string[] {
  const beside =
    result.kind === 'top' ? result.scoresAs : result.kind === 'reasons' ? result.effectsAs : undefined;
  return beside === undefined ? [result.as] : [result.as, beside];
}

/**
 * The results without reasons, which take more predictions, but for those that this field, or
 * another result, comes from.
 */
export function withoutReasons(results: readonly DerivedResult[], field: string): readonly DerivedResult[] {
  const needed = new Set([field, ...results.map(sourceOf)]);
  return results.filter(
    (result) => result.kind !== 'reasons' || namesOf(result).some((name) => needed.has(name)),
  );
}
