// `scorelane features`: writes the feature matrix of a CSV file, by the model's own plan, with its
// windows. So a model is trained on the same features that it will be served.

import { EXIT } from '../base/errors.ts';
import type { LoadedConfig } from '../config/load.ts';
import { modelFolder } from '../daemon/configured-model.ts';
import { columnNames } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { CsvDataError, cell, JSON_NUMBER, readRows } from '../load/rows.ts';
import { readManifest } from '../model/manifest.ts';
import { type ConfigFlags, collect, loadWith, type Register, withConfig } from './options.ts';
import { openOutFile } from './out-file.ts';

export interface FeaturesOptions {
  readonly csv: string;
  readonly out: string;
  /**
   * The column with the record's timestamp: milliseconds since 1970, or ISO 8601, in UTC unless it
   * says otherwise.
   */
  readonly timestamp?: string;
  /** The column with the record's key. */
  readonly key?: string;
  /** Columns that are copied unchanged in front of the features: labels, ids. */
  readonly keep: readonly string[];
  /** Columns that are text in the records, even if they look like numbers. */
  readonly text: readonly string[];
}

/**
 * The rows of the file are taken as one partition, in the order of the log. A row that has no
 * features is written without them, and reported.
 */
export async function features({ config }: LoadedConfig, options: FeaturesOptions): Promise<number> {
  const { inputs, windows: state, name, version } = readManifest(modelFolder(config));
  const { columns, rows, texts } = readRows(options.csv, options.text);
  const wanted = [options.timestamp, options.key, ...options.keep, ...options.text].filter(
    (column) => column !== undefined,
  );
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
    const text = texts[index] ?? {};
    const key = options.key === undefined ? null : Buffer.from(text[options.key] ?? '');
    const rejection = plan.fill(record, row, 0, timestampOf(text, index, options), key);
    if (rejection !== null) {
      const example = `row ${index + 1}: ${rejection.message}`;
      const before = refusals.get(rejection.code) ?? { count: 0, example };
      refusals.set(rejection.code, { ...before, count: before.count + 1 });
    }
    const kept = options.keep.map((column) => cell(text[column]));
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

function timestampOf(
  text: Readonly<Record<string, string>>,
  index: number,
  { csv, timestamp }: FeaturesOptions,
): number {
  if (timestamp === undefined) return 0;
  const said = (text[timestamp] ?? '').trim();
  const ms = JSON_NUMBER.test(said) ? Number(said) : timeIn(said);
  if (!Number.isFinite(ms))
    throw new CsvDataError(
      `${csv}: row ${index + 1}: "${timestamp}" is "${said}", expected milliseconds since 1970 or ISO 8601`,
    );
  return ms;
}

/** A date, the time of day, and the distance from UTC. Only the date is required. */
const ISO = /^([+-]?\d{4,6}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * From ISO 8601 to milliseconds since 1970, NaN for anything else. Without a zone it is UTC, never
 * the zone of this machine.
 */
export function timeIn(text: string): number {
  const [, date, time = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  if (date === undefined) return Number.NaN;
  const distance =
    zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  return Date.parse(`${date}T${time.replace(',', '.')}${distance}`);
}

export const registerFeatures: Register = (program, finish) => {
  withConfig(program, 'features', "write the feature matrix of a CSV file, by the model's own plan")
    .requiredOption('--csv <file>', 'rows with a header line, in the order of the log')
    .requiredOption('--out <file>', 'where to write the matrix, as CSV')
    .option('--timestamp <column>', "the record's timestamp: milliseconds since 1970, or ISO 8601")
    .option('--key <column>', "the record's key")
    .option('--keep <column>', 'a column to write in front of the features; may be given again', collect, [])
    .option(
      '--text <column>',
      'a column that is text, also where it looks like a number; may be given again',
      collect,
      [],
    )
    .action(async (flags: ConfigFlags & FeaturesOptions) => {
      finish(await features(loadWith(flags), flags));
    });
};
