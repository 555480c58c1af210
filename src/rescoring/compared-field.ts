// Which field of the results is compared, and above which value it decides.

import type { GoldenRecord, ModelManifest } from '../model/manifest.ts';
import { resultFields } from '../model/result-columns.ts';

/** One version of a model, as far as the choice needs it. */
export interface ComparedModel {
  readonly manifest: ModelManifest;
  readonly golden: readonly GoldenRecord[];
}

/** Single numbers: nothing else has a difference. */
const numbersOf = ({ manifest, golden }: ComparedModel): string[] =>
  resultFields(manifest, golden).flatMap(({ name, type, isList }) =>
    !isList && (type === 'float' || type === 'integer') ? [name] : [],
  );

const nameOf = ({ manifest }: ComparedModel): string => `${manifest.name}@${manifest.version}`;

/**
 * The wanted one; else the first that a threshold of the first model looks at, else its first
 * number. Throws `RangeError` for a field that is no single number of all models.
 */
export function comparedField(wanted: string | undefined, models: readonly ComparedModel[]): string {
  const [first] = models as readonly [ComparedModel];
  const fields = numbersOf(first);
  const decided = first.manifest.results.flatMap((result) =>
    result.kind === 'threshold' && fields.includes(result.threshold) ? [result.threshold] : [],
  );
  const found = wanted ?? decided[0] ?? fields[0];
  for (const model of models) {
    const known = numbersOf(model);
    if (found === undefined || !known.includes(found))
      throw new RangeError(
        `--score: expected a single number in the results of ${nameOf(model)}, one of ${known.join(', ') || 'none'}, ` +
          `found ${found ?? 'none'}`,
      );
  }
  return found as string;
}

/** Above which value that field decides, by model.yaml; null where it does not say so. */
export function thresholdOf({ manifest }: ComparedModel, field: string): number | null {
  for (const result of manifest.results)
    if (result.kind === 'threshold' && result.threshold === field) return result.above;
  return null;
}
