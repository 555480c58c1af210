// `scorelane features`: the feature matrix of a CSV file, by the model's own plan, windows and all. What a model is trained on
// is then what it will be served.

import type { LoadedConfig } from '../config/load.ts';
import { columnNames } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { CsvDataError, cell, type Row, readRows } from '../load/rows.ts';
import { readManifest } from '../model/manifest.ts';
import { EXIT } from './exit-codes.ts';
import { openOutFile } from './out-file.ts';
import { modelFolder } from './wiring.ts';

export interface FeaturesOptions {
  readonly csv: string;
  readonly out: string;
  /** Column with the record's timestamp: milliseconds since 1970, or ISO 8601. */
  readonly timestamp?: string;
  /** Column with the record's key. */
  readonly key?: string;
  /** Columns that are written in front of the features, as they stand: labels, ids. */
  readonly keep: readonly string[];
}

/** Rows in the order of the log, all of one partition. A row that has no features is written without them, and told. */
export async function features({ config }: LoadedConfig, options: FeaturesOptions): Promise<number> {
  const { inputs, state, name, version } = readManifest(modelFolder(config));
  const { columns, rows } = readRows(options.csv);
  const wanted = [options.timestamp, options.key, ...options.keep].filter((column) => column !== undefined);
  const absent = wanted.filter((column) => !columns.includes(column));
  if (absent.length > 0) throw new CsvDataError(`${options.csv} has no columns ${absent.join(', ')}`);
  const plan = new StatefulPlan(inputs, state);
  const row = new Float32Array(plan.width);
  const empty = ','.repeat(plan.width - 1);
  const out = openOutFile(options.out);
  const refusals = new Map<string, { count: number; example: string }>();
  const header = [...options.keep, ...inputs.flatMap(columnNames)];
  out.write(header.map(cell).join(','));
  rows.forEach((record, index) => {
    const key = options.key === undefined ? null : Buffer.from(String(record[options.key] ?? ''));
    const rejection = plan.fill(record, row, 0, timestampOf(record, index, options), key);
    if (rejection !== null) {
      const example = `row ${index + 1}: ${rejection.message}`;
      const before = refusals.get(rejection.code) ?? { count: 0, example };
      refusals.set(rejection.code, { ...before, count: before.count + 1 });
    }
    const kept = options.keep.map((column) => cell(record[column]));
    out.write([...kept, rejection === null ? row.join(',') : empty].join(','));
  });
  await out.end();
  for (const [code, { count, example }] of refusals)
    process.stderr.write(`${count} rows have no features, ${code}: ${example}\n`);
  const { late, forgotten, hurried } = plan.counts;
  process.stdout.write(
    `${rows.length} rows, ${plan.width} features of ${name} ${version}, to ${options.out}; ` +
      `${late} late, ${plan.state.keys} keys kept, ${forgotten} forgotten, ${hurried} hurried, ${plan.state.bytes} bytes of state\n`,
  );
  return refusals.size === 0 ? EXIT.ok : EXIT.data;
}

function timestampOf(record: Row, index: number, { csv, timestamp }: FeaturesOptions): number {
  if (timestamp === undefined) return 0;
  const said = record[timestamp];
  const ms = typeof said === 'number' ? said : Date.parse(said ?? '');
  if (!Number.isFinite(ms))
    throw new CsvDataError(`${csv}: row ${index + 1}: "${timestamp}" is "${said ?? ''}", expected a time`);
  return ms;
}
