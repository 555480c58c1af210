// The columns of numbers whose distributions can be recorded and compared: features, and outputs as
// results have them.

import { columnNames } from '../features/spec.ts';
import type { GoldenRecord, ModelManifest } from './manifest.ts';
import { resultFields } from './result-columns.ts';

export type ColumnKind = 'feature' | 'output';

export interface MeasuredColumn {
  readonly kind: ColumnKind;
  readonly name: string;
  /** Of a feature, its place in a row; of an output, the number of its column. */
  readonly place: number;
  /** Of an output with several values: which of them. */
  readonly element: number;
  /** The cells of a feature hold whole numbers or flags. */
  readonly isWhole: boolean;
}

/** Wider models have more to look at than anybody would: the first ones are measured. */
const FEATURES_MAX = 256;
const OUTPUTS_MAX = 64;

/** Names are told apart within a kind. A list that is derived from outputs is not measured. */
export function measuredColumns(
  manifest: Pick<ModelManifest, 'inputs' | 'tensors' | 'outputs' | 'results'>,
  golden: readonly GoldenRecord[],
): readonly MeasuredColumn[] {
  return [
    ...featuresOf(manifest).slice(0, FEATURES_MAX),
    ...outputsOf(manifest, golden).slice(0, OUTPUTS_MAX),
  ];
}

function featuresOf({ inputs, tensors }: Pick<ModelManifest, 'inputs' | 'tensors'>): MeasuredColumn[] {
  const names = toldApart(inputs.flatMap(columnNames));
  return tensors.flatMap(({ type, column, width }) =>
    type === 'string'
      ? []
      : Array.from({ length: width }, (_, cell): MeasuredColumn => {
          const place = column + cell;
          return {
            kind: 'feature',
            name: names[place] as string,
            place,
            element: 0,
            isWhole: type !== 'float32',
          };
        }),
  );
}

function outputsOf(
  manifest: Pick<ModelManifest, 'outputs' | 'results'>,
  golden: readonly GoldenRecord[],
): MeasuredColumn[] {
  return resultFields(manifest, golden).flatMap(({ name, type, isList }, place) => {
    if (type === 'text') return [];
    const output = { kind: 'output', place, isWhole: false } as const;
    if (!isList) return [{ ...output, name, element: 0 }];
    const width = golden[0]?.outputs[name]?.length ?? 0;
    return Array.from({ length: width }, (_, element) => ({
      ...output,
      name: `${name}.${element}`,
      element,
    }));
  });
}

/** Of names that are equal, the later ones get a number. */
function toldApart(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
