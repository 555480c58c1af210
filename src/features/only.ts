// Chooses the records that the model is for: in them every named field has one of the wanted
// values. All other records are skipped before their features are computed. They are in no window,
// and have no answer.

import type { FeaturePlan, Fields } from './feature-plan.ts';
import { isMap } from './path.ts';
import type { Rejection } from './rejection.ts';

/** By path: the wanted values, as text. Null stands for a field that is null. */
export type Only = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

/** The record is neither refused nor scored. */
export const SKIPPED: Rejection = {
  stage: 'features',
  code: 'SKIPPED',
  message: 'the record is none of those that are wanted',
};

/** The text by which a number, a flag or a text is compared. Other values are never wanted. */
function textOf(value: unknown): string | null | undefined {
  if (value === null) return null;
  return value === undefined || typeof value === 'object' ? undefined : String(value);
}

/**
 * Fills wanted records by `plan`, and answers `SKIPPED` for all others. Returns `plan` itself where
 * `only` names no field.
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
      // If the record is no map, the plan says what is wrong with it.
      if (isMap(record))
        for (const { get, wanted } of conditions) if (!wanted.has(textOf(get(record)))) return SKIPPED;
      return plan.fill(record, row, column, timestampMs, key);
    },
  };
}
