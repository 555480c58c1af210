// distribution.json: how features and outputs were distributed where the model was made. It stands
// beside model.yaml, which names it, because it is long, is made by programs, and nobody reads it.

import { join } from 'node:path';
import { z } from 'zod';
import type { GoldenRecord, ModelManifest } from './manifest.ts';
import { type MeasuredColumn, measuredColumns } from './measured-columns.ts';
import { ModelError } from './model-error.ts';
import { exactJson, readJson } from './model-files.ts';

/** As we name it where we write it. */
export const DISTRIBUTION_FILE = 'distribution.json';

/** More than are written; as many as a worker can search quickly. */
const CUTS_MAX = 63;

const ascending = (cuts: readonly number[]): boolean =>
  cuts.every((cut, index) => index === 0 || (cuts[index - 1] as number) < cut);

const columnSchema = z
  .strictObject({
    cuts: z
      .array(z.number().transform(Math.fround))
      .max(CUTS_MAX)
      .refine(ascending, 'expected cuts that ascend, and are different in float32'),
    counts: z.array(z.int().nonnegative()),
    missing: z.int().nonnegative(),
  })
  .refine(({ cuts, counts }) => counts.length === cuts.length + 1, {
    path: ['counts'],
    error: 'expected one count more than there are cuts',
  });

const schema = z.strictObject({
  records: z.int().positive(),
  features: z.record(z.string(), columnSchema),
  outputs: z.record(z.string(), columnSchema),
});

export type WrittenDistribution = z.output<typeof schema>;

/** A column with what was recorded of it. */
export interface RecordedColumn extends MeasuredColumn {
  /** In ascending order. A value belongs to the bin whose number is how many do not exceed it. */
  readonly cuts: Float32Array;
  /** Of each bin, and of missing values (NaN) at the end: two more than there are cuts. */
  readonly counts: readonly number[];
}

export interface Distribution {
  readonly records: number;
  readonly columns: readonly RecordedColumn[];
}

/** Null where the model has none. Throws `ModelError`. */
export function readDistribution(
  manifest: ModelManifest,
  golden: readonly GoldenRecord[],
): Distribution | null {
  if (manifest.distribution === undefined) return null;
  const file = join(manifest.folder, manifest.distribution.path);
  const written = readJson(file, schema, exactJson);
  const measured = measuredColumns(manifest, golden);
  const known = new Set<string>();
  const columns = measured.flatMap((column): RecordedColumn[] => {
    const section = sectionOf(column);
    const found = Object.hasOwn(written[section], column.name) ? written[section][column.name] : undefined;
    if (found === undefined) return [];
    known.add(`${section}.${column.name}`);
    const { cuts, counts, missing } = found;
    const sum = counts.reduce((total, count) => total + count, missing);
    if (sum !== written.records)
      throw new ModelError(
        `${file}: ${section}: ${column.name}: expected counts and missing that add up to records, ${written.records}, found ${sum}`,
      );
    return [{ ...column, cuts: Float32Array.from(cuts), counts: [...counts, missing] }];
  });
  for (const section of ['features', 'outputs'] as const)
    for (const name of Object.keys(written[section]))
      if (!known.has(`${section}.${name}`)) throw unknown(file, section, name, measured);
  return { records: written.records, columns };
}

const sectionOf = ({ kind }: MeasuredColumn): 'features' | 'outputs' =>
  kind === 'feature' ? 'features' : 'outputs';

function unknown(
  file: string,
  section: 'features' | 'outputs',
  name: string,
  measured: readonly MeasuredColumn[],
): ModelError {
  const names = measured.filter((column) => sectionOf(column) === section).map((column) => column.name);
  const some =
    names.length === 0 ? 'no name, as it has none of numbers' : `one of ${names.slice(0, 10).join(', ')}`;
  return new ModelError(
    `${file}: ${section}: expected columns of the model, ${some}${names.length > 10 ? ', …' : ''}, found ${JSON.stringify(name)}; ` +
      '`scorelane models distribution` records them anew',
  );
}
