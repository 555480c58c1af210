// Tries a model on each backend: whether it can run it, how far its outputs are from the golden
// ones, and what a record costs.

import { sep } from 'node:path';
import { ScorelaneError } from '../base/errors.ts';
import { measure, tiled } from '../model/choose.ts';
import { goldenRows } from '../model/golden-rows.ts';
import { loadPredictor } from '../model/load-predictor.ts';
import { type ModelManifest, readGolden } from '../model/manifest.ts';
import {
  BACKENDS,
  type Backend,
  BackendMissingError,
  type OutputColumn,
  own,
  type Predictor,
} from '../model/predictor.ts';
import type { ExportOutputs } from './exported.ts';
import { type GoldenRows, listsOf } from './golden-records.ts';
import type { Difference } from './tolerance.ts';

/** Rows in one call. */
export const MEASURED_ROWS: readonly number[] = [1, 64, 2_048];
const MEASURED_MS_MAX = 300;
const CALL_MS_MAX = 1_000;
const MANY_ROWS = 32;

export interface BackendTrial {
  readonly backend: Backend;
  /** Why it cannot run the model; null if it can. */
  readonly refusal: string | null;
  /** Whether it is not there, or has no artefact. */
  readonly isMissing: boolean;
  readonly runtime: string | null;
  readonly differences: readonly Difference[];
  /** In microseconds a record, for each number of rows; NaN where a call takes too long. */
  readonly costs: readonly number[];
}

/** The same for a version with golden records of its own. */
export function tryGolden(manifest: ModelManifest): Promise<readonly BackendTrial[]> {
  const golden = readGolden(manifest);
  const outputs = manifest.outputs.map(({ name, as }) => [
    name,
    golden.map((record) =>
      (own(record.outputs, as) ?? []).map((value) => (typeof value === 'string' ? value : Number(value))),
    ),
  ]);
  const rows = { records: golden.map(({ record }) => record), features: goldenRows(manifest, golden) };
  return tryBackends(manifest, rows, Object.fromEntries(outputs));
}

/** All backends. Another fault than that of the model or of a backend is thrown. */
export async function tryBackends(
  manifest: ModelManifest,
  rows: GoldenRows,
  golden: ExportOutputs,
  measured = MEASURED_ROWS,
): Promise<readonly BackendTrial[]> {
  const trials: BackendTrial[] = [];
  for (const backend of BACKENDS) trials.push(await tryBackend(backend, manifest, rows, golden, measured));
  return trials;
}

async function tryBackend(
  backend: Backend,
  manifest: ModelManifest,
  { features, records }: GoldenRows,
  golden: ExportOutputs,
  measured: readonly number[],
): Promise<BackendTrial> {
  try {
    const predictor = await loadPredictor(backend, manifest);
    const columns = predictor.predict(features, records.length);
    const differences = manifest.outputs.flatMap(({ name }, index) =>
      differencesOf(index, listsOf(columns[index] as OutputColumn, records.length), golden[name] ?? []),
    );
    const costs = costsOf(predictor, features, manifest.width, measured);
    predictor.dispose();
    return { backend, refusal: null, isMissing: false, runtime: predictor.runtime, differences, costs };
  } catch (error) {
    // What TensorFlow.js says of an operation that it does not have is no fault of ours.
    const isMissing = error instanceof BackendMissingError;
    const said =
      error instanceof ScorelaneError
        ? error.message
        : `it cannot compute the model (${(error as Error).message})`;
    // A version that is being written has another place soon.
    const refusal = said.replaceAll(`${manifest.folder}${sep}`, '');
    return { backend, refusal, isMissing, runtime: null, differences: [], costs: [] };
  }
}

/** A number of rows whose call would take seconds is not tried. */
function costsOf(
  predictor: Predictor,
  features: Float32Array,
  width: number,
  measured: readonly number[],
): number[] {
  const costs: number[] = [];
  let before = { rows: 0, callMs: 0 };
  for (const rows of measured) {
    // A call of few rows is mostly what a call costs; one of many grows with them.
    const growth = before.rows < MANY_ROWS ? 1 : rows / before.rows;
    const isTooLong = !(before.callMs * growth <= CALL_MS_MAX);
    const cost = isTooLong
      ? Number.NaN
      : measure(predictor, tiled(features, width, rows), rows, MEASURED_MS_MAX);
    costs.push(cost);
    before = { rows, callMs: (cost * rows) / 1000 };
  }
  return costs;
}

/** A text that is another one differs without end. */
function differencesOf(
  output: number,
  found: readonly (readonly (number | string)[])[],
  expected: readonly (readonly (number | string)[])[],
): Difference[] {
  return expected.flatMap((values, row) =>
    values.map((value, element) => {
      const given = found[row]?.[element];
      if (typeof value === 'number' && typeof given === 'number')
        return { output, expected: value, found: given };
      return { output, expected: 0, found: value === given ? 0 : Number.POSITIVE_INFINITY };
    }),
  );
}
