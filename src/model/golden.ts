// The golden check: before a model serves, its golden records must give their known scores, through
// the features and the backend that will be used.

import { goldenRows, wrongModel } from './golden-rows.ts';
import type { GoldenRecord, ModelManifest, ModelOutput } from './manifest.ts';
import { ModelError } from './model-error.ts';
import { outputTypeOf, outputValue } from './output-column.ts';
import { type OutputColumn, own, type Predictor } from './predictor.ts';
import { resultColumns } from './result-columns.ts';

/**
 * Predicts the golden records as if they were the first ones in the log. Throws `ModelError` at the
 * first output that differs by more than the tolerance.
 */
export function checkGolden(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  predictor: Predictor,
  rows = goldenRows(manifest, golden),
): void {
  const columns = predictor.predict(rows, golden.length);
  for (const [index, output] of manifest.outputs.entries())
    checkOutput(manifest, golden, output, columns[index] as OutputColumn, predictor.backend);
  try {
    resultColumns(manifest, false)?.(columns, golden.length, rows);
  } catch (error) {
    if (error instanceof ModelError) throw wrongModel(manifest, error.message);
    throw error;
  }
}

function checkOutput(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  { as: name, type, rtol = manifest.golden.rtol, atol = manifest.golden.atol }: ModelOutput,
  column: OutputColumn,
  backend: string,
): void {
  const found = outputTypeOf(column);
  if (found !== type)
    throw wrongModel(
      manifest,
      `output "${name}" is ${type} in model.yaml, ${backend} gives ${found}: say { name: …, as: ${name}, type: ${found} }`,
    );
  const width = column.length / golden.length;
  golden.forEach(({ outputs }, index) => {
    const expected = own(outputs, name);
    if (expected?.length !== width)
      throw wrongModel(
        manifest,
        `golden record ${index} has ${expected?.length ?? 'no'} values for "${name}", the model gives ${width}`,
      );
    expected.forEach((value, element) => {
      const given = outputValue(column, index * width + element);
      const within = type === 'float' && typeof value === 'number' ? atol + rtol * Math.abs(value) : 0;
      // Comparisons with NaN are false. So written this way, only a value that is surely near
      // enough passes.
      if (given === value) return;
      if (typeof given === 'number' && typeof value === 'number' && Math.abs(given - value) <= within) return;
      const allowed = type === 'float' ? ` within ${toPlaces(within)}` : '';
      throw wrongModel(
        manifest,
        `golden record ${index} gives ${name} = ${given} on ${backend}, expected ${value}${allowed}`,
      );
    });
  });
}

const toPlaces = (number: number): string => String(Number(number.toPrecision(3)));
