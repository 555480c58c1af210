// Golden records of an imported model: records as they come, with the outputs that the model itself
// gives for them, in Python or, without one, on the first backend that can run it.

import { tensorValues } from '../model/cells.ts';
import { loadPredictor } from '../model/load-predictor.ts';
import { type ModelManifest, planOf } from '../model/manifest.ts';
import { ModelError } from '../model/model-error.ts';
import { outputValue } from '../model/output-column.ts';
import { BACKENDS, type Backend, BackendMissingError, type OutputColumn } from '../model/predictor.ts';
import type { ExportOutputs, ExportRows } from './exported.ts';
import type { PythonSession } from './python.ts';
import type { SampleRecord } from './samples.ts';

export interface GoldenRows {
  readonly records: readonly SampleRecord[];
  /** In cells: `manifest.width` of them a record. */
  readonly features: Float32Array;
}

export interface GoldenOutputs {
  /** By the model's own name of an output, for each record its values. */
  readonly outputs: ExportOutputs;
  /** What has computed them. */
  readonly by: string;
  readonly backend: Backend | null;
}

const GOLDEN_MAX = 20;

/**
 * Some of the records that have features. Throws `ModelError` with the first reason if none has
 * any. `source` names them.
 */
export function rowsFor(
  manifest: ModelManifest,
  records: readonly SampleRecord[],
  source: string,
): GoldenRows {
  const plan = planOf(manifest);
  const { width } = manifest;
  const row = new Float32Array(width);
  const kept: { record: SampleRecord; row: Float32Array }[] = [];
  let why: string | undefined;
  // The first ones: windows are those of the first records of a log.
  for (const record of records) {
    const rejection = plan.fill(record, row, 0, 0, null);
    if (rejection === null) kept.push({ record, row: row.slice() });
    else why ??= rejection.message;
    if (kept.length === GOLDEN_MAX) break;
  }
  if (kept.length === 0)
    throw new ModelError(
      `${source}: expected records that fill the inputs of the model, found none: ${why}; ` +
        'say which fields fill them in a YAML file with inputs or tensors, and give it by --inputs FILE',
    );
  const features = new Float32Array(kept.length * width);
  // Cells are copied as bytes: they may hold other things than floats.
  const bytes = new Uint8Array(features.buffer);
  kept.forEach((each, index) => {
    bytes.set(new Uint8Array(each.row.buffer), index * width * 4);
  });
  return { records: kept.map(({ record }) => record), features };
}

/** By Python, which rejects with `ModelError`. */
export async function askPython(
  python: PythonSession,
  inputs: readonly string[],
  { tensors }: ModelManifest,
  { features, records }: GoldenRows,
): Promise<GoldenOutputs> {
  const values = tensorValues(tensors, features, records.length);
  const rows: ExportRows = Object.fromEntries(
    tensors.map(({ name }, index) => [name ?? (inputs[0] as string), [...(values[index] as Float32Array)]]),
  );
  return { outputs: await python.predict(rows), by: 'the model in Python', backend: null };
}

/** By the first backend that can. Rejects with what the last of them says. */
export async function askBackends(
  manifest: ModelManifest,
  { features, records }: GoldenRows,
): Promise<GoldenOutputs> {
  let last: unknown;
  for (const backend of BACKENDS) {
    try {
      const predictor = await loadPredictor(backend, manifest);
      const columns = predictor.predict(features, records.length);
      predictor.dispose();
      const outputs = manifest.outputs.map(({ name }, index) => [
        name,
        listsOf(columns[index] as OutputColumn, records.length),
      ]);
      return { outputs: Object.fromEntries(outputs), by: `the model on ${backend}`, backend };
    } catch (error) {
      // What is wrong with the model says more than what is not installed.
      if (last === undefined || !(error instanceof BackendMissingError)) last = error;
    }
  }
  throw last;
}

/** For each record its values. */
export function listsOf(column: OutputColumn, rows: number): (number | string)[][] {
  const width = column.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (_unused, element) => plainOf(outputValue(column, row * width + element))),
  );
}

const plainOf = (value: unknown): number | string => (typeof value === 'string' ? value : Number(value));
