// Which records are the model's business at all: those in which every named field has one of the
// values that are wanted. All others are skipped before their features are looked at: they are in
// no window, and have no answer.

import { isMap } from './path.ts';
import type { FeaturePlan, Fields } from './plan.ts';
import type { Rejection } from './rejection.ts';

/** By path, the values that are wanted, as text; null is a field that is null. */
export type Only = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

/** Not refused, and not scored. */
export const SKIPPED: Rejection = {
  stage: 'features',
  code: 'SKIPPED',
  message: 'the record is none of those that are wanted',
};

/** What a number, a flag or text is compared by; other values are never wanted. */
function textOf(value: unknown): string | null | undefined {
  if (value === null) return null;
  return value === undefined || typeof value === 'object' ? undefined : String(value);
}

/**
 * The plan for those that are wanted; `SKIPPED` for all others. The same plan where no field is
 * named.
 */
export function onlyPlan(plan: FeaturePlan, only: Only, fields: Fields): FeaturePlan {
  const conditions = Object.entries(only).map(([path, values]) => ({
    get: fields.getter(path),
    wanted: new Set<unknown>(values.map(textOf)),
  }));
  if (conditions.length === 0) return plan;
  return {
    width: plan.width,
    wantsKey: plan.wantsKey,
    fill(record, row, column, timestampMs, key) {
      // The plan says what is wrong with what is no map.
      if (isMap(record))
        for (const { get, wanted } of conditions) if (!wanted.has(textOf(get(record)))) return SKIPPED;
      return plan.fill(record, row, column, timestampMs, key);
    },
  };
}
