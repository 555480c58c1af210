// Records how features and outputs are distributed: samples go through the model's own plan and the
// model itself, and are counted between cuts that are chosen for them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { texts } from '../features/texts.ts';
import { DISTRIBUTION_FILE, type WrittenDistribution } from '../model/distribution.ts';
import { loadPredictor } from '../model/load-predictor.ts';
import { type GoldenRecord, type ModelManifest, planOf, readGolden } from '../model/manifest.ts';
import { type MeasuredColumn, measuredColumns } from '../model/measured-columns.ts';
import { ModelError } from '../model/model-error.ts';
import { BACKENDS, BackendMissingError, type OutputColumn, type Predictor } from '../model/predictor.ts';
import { asResults } from '../model/result-columns.ts';
import { binOf, cutsFor } from '../statistics/bins.ts';
import type { SampleRecord } from './samples.ts';

/** With fewer records, chance alone would look like drift. */
const RECORDS_MIN = 500;
/** More make no better bins. */
export const RECORDS_MAX = 50_000;
const CHUNK = 1_024;

/** How many records a distribution was taken from, or why there is none. */
export type Recorded =
  | { readonly records: number; readonly columns: number }
  | { readonly records?: undefined; readonly why: string };

/**
 * Writes distribution.json into the folder of a version, by the first backend that can run it. To
 * name it in model.yaml is left to the caller.
 */
export async function recordInto(
  folder: string,
  manifest: ModelManifest,
  records: readonly SampleRecord[],
): Promise<Recorded> {
  const predictor = await anyPredictor(manifest);
  try {
    const found = recordDistribution(manifest, readGolden(manifest), predictor, records);
    writeFileSync(join(folder, DISTRIBUTION_FILE), distributionText(found));
    const columns = Object.keys(found.features).length + Object.keys(found.outputs).length;
    return { records: found.records, columns };
  } catch (error) {
    if (error instanceof ModelError) return { why: error.message };
    throw error;
  } finally {
    predictor.dispose();
  }
}

/** Rejects with what the last backend says that could be here. */
async function anyPredictor(manifest: ModelManifest): Promise<Predictor> {
  let last: unknown;
  for (const backend of BACKENDS) {
    try {
      return await loadPredictor(backend, manifest);
    } catch (error) {
      if (last === undefined || !(error instanceof BackendMissingError)) last = error;
    }
  }
  throw last;
}

/** Throws `ModelError` if fewer than `RECORDS_MIN` records have features and finite outputs. */
function recordDistribution(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
  predictor: Predictor,
  records: readonly SampleRecord[],
): WrittenDistribution {
  const plan = planOf(manifest);
  const { width } = manifest;
  const shown = asResults(predictor, manifest, false, golden);
  const taken = new Taken(measuredColumns(manifest, golden), records.length, width);
  const features = new Float32Array(CHUNK * width);
  let rows = 0;
  let why = 'the outputs are not finite';
  const predict = (): void => {
    if (rows > 0) taken.add(features, shown.predict(features.subarray(0, rows * width), rows), rows);
    rows = 0;
    texts.clear();
  };
  for (const record of records) {
    const rejection = plan.fill(record, features, rows * width, 0, null);
    if (rejection === null) rows++;
    else why = rejection.message;
    if (rows === CHUNK) predict();
  }
  predict();
  if (taken.rows < RECORDS_MIN)
    throw new ModelError(
      `expected at least ${RECORDS_MIN} records that the model can score, as fewer show no distribution, found ${taken.rows}` +
        (taken.rows < records.length ? `; of the others one says: ${why}` : ''),
    );
  return taken.distribution();
}

/** The values of all columns. */
class Taken {
  readonly #columns: readonly MeasuredColumn[];
  readonly #values: readonly Float32Array[];
  readonly #width: number;
  rows = 0;

  constructor(columns: readonly MeasuredColumn[], rowsMax: number, width: number) {
    this.#columns = columns;
    this.#values = columns.map(() => new Float32Array(rowsMax));
    this.#width = width;
  }

  /** Rows with an output that is not finite get no result: they are left out. */
  add(features: Float32Array, outputs: readonly OutputColumn[], rows: number): void {
    const whole = new Int32Array(features.buffer);
    const isScored = (row: number): boolean =>
      outputs.every((output) => {
        const width = output.length / rows;
        return (
          !(output instanceof Float32Array) ||
          output.subarray(row * width, (row + 1) * width).every(Number.isFinite)
        );
      });
    for (let row = 0; row < rows; row++) {
      if (!isScored(row)) continue;
      for (const [index, { kind, place, element, isWhole }] of this.#columns.entries()) {
        const output = outputs[place] as OutputColumn;
        (this.#values[index] as Float32Array)[this.rows] = (
          kind === 'output'
            ? output[row * (output.length / rows) + element]
            : (isWhole ? whole : features)[row * this.#width + place]
        ) as number;
      }
      this.rows++;
    }
  }

  distribution(): WrittenDistribution {
    const of = (wanted: MeasuredColumn['kind']): WrittenDistribution['features'] =>
      Object.fromEntries(
        this.#columns.flatMap(({ kind, name }, index) =>
          kind === wanted
            ? [[name, countedIn((this.#values[index] as Float32Array).subarray(0, this.rows))]]
            : [],
        ),
      );
    return { records: this.rows, features: of('feature'), outputs: of('output') };
  }
}

function countedIn(values: Float32Array): WrittenDistribution['features'][string] {
  const numbers = values.filter((value) => !Number.isNaN(value));
  const cuts = cutsFor(numbers.toSorted());
  const counts = new Array<number>(cuts.length + 1).fill(0);
  for (const value of numbers) {
    const bin = binOf(cuts, 0, cuts.length, value);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return { cuts: [...cuts], counts, missing: values.length - numbers.length };
}

/** One column a line. */
function distributionText({ records, features, outputs }: WrittenDistribution): string {
  const section = (columns: WrittenDistribution['features']): string => {
    const lines = Object.entries(columns).map(
      ([name, { cuts, counts, missing }]) =>
        `  ${JSON.stringify(name)}: {"cuts":[${cuts.map(shortest).join(',')}],"counts":${JSON.stringify(counts)},"missing":${missing}}`,
    );
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n }`;
  };
  return `{\n "records": ${records},\n "features": ${section(features)},\n "outputs": ${section(outputs)}\n}\n`;
}

/** The fewest digits that are read as the same float32. */
function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
