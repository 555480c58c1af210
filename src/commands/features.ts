// `scorelane features`: writes the feature matrix of a CSV file, by the model's own plan, with its
// windows. So a model is trained on the same features that it will be served.

import { EXIT } from '../base/errors.ts';
import { NO_TOPICS } from '../config/load.ts';
import type { LoadedJob } from '../config/loaded.ts';
import { modelFolder } from '../daemon/configured-model.ts';
import { neededColumns } from '../daemon/needed-columns.ts';
import { fieldsRead } from '../features/reads.ts';
import { columnNames } from '../features/spec.ts';
import { StatefulPlan } from '../features/stateful-plan.ts';
import { texts } from '../features/texts.ts';
import { type CsvFile, openCsv } from '../load/csv-file.ts';
import { type Cells, CsvDataError, type Row } from '../load/csv-rows.ts';
import {
  cell,
  columnIndexes,
  columnsFor,
  JSON_NUMBER,
  namedBy,
  nameOfSeparator,
  recordsWith,
} from '../load/rows.ts';
import { tensorValues } from '../model/cells.ts';
import { type ModelPlan, readPlan } from '../model/manifest.ts';
import type { TensorSpec } from '../model/tensor-spec.ts';
import { answerSignals, endAtOnce, exitCodeBy, type Signal } from '../signals.ts';
import { after } from '../time/timer.ts';
import { timeIn } from '../written/time-text.ts';
import { showBar } from './live.ts';
import {
  collect,
  type JobFlags,
  loadJob,
  type Register,
  separatorArgument,
  withJob,
  withQuiet,
} from './options.ts';
import { openOutFile, refuseSameFile } from './out-file.ts';
import { Refusals } from './refusals.ts';
import { note } from './say.ts';
import { keepHeapSmall } from './small-heap.ts';

export interface FeaturesOptions {
  readonly csv: string;
  readonly out: string;
  /** Between the cells of a row; looked for in the header line unless given. */
  readonly separator?: string;
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
  readonly quiet: boolean;
}

/** A row that cannot be written must not keep a process that shall end. */
const ENDING_MS = 5_000;

/**
 * The rows of the file are taken as one partition, in the order of the log: they are read once, and
 * never sorted. A row that has no features is written without them, and reported. Of the file and
 * of the matrix only a piece is in memory.
 */
export async function features({ config }: LoadedJob, options: FeaturesOptions): Promise<number> {
  keepHeapSmall();
  const manifest = readPlan(modelFolder(config));
  const file = await openCsv(options.csv, options.separator);
  const matrix = new Matrix(file, manifest, options);
  refuseSameFile(options.csv, options.out);
  const out = openOutFile(options.out);
  const startedMs = performance.now();
  const stopBar = showBar(options.quiet, () => ({
    done: matrix.rows,
    unit: 'rows',
    share: file.size === null ? null : file.bytesRead() / file.size,
  }));
  let endedBy: Signal | undefined;
  answerSignals((name) => {
    endedBy ??= name;
    after(ENDING_MS, () => endAtOnce(name), { keepsAlive: false });
  });
  try {
    await out.write([matrix.header]);
    for await (const rows of file.batches()) {
      if (endedBy !== undefined || out.hadEnough) break;
      await out.write(rows.map((row) => matrix.line(row)));
    }
    // Of a matrix that is cut nothing is left, unless its reader has it already.
    if (endedBy === undefined || !out.isDraft) await out.end();
  } finally {
    stopBar();
  }
  if (out.hadEnough) return EXIT.ok;
  if (endedBy !== undefined) {
    const left = out.isDraft ? 'is not written' : `has the first ${matrix.rows} rows only`;
    process.stderr.write(
      `scorelane: ended by ${endedBy} after ${matrix.rows} rows: ${options.out} ${left}\n`,
    );
    return exitCodeBy(endedBy);
  }
  for (const line of matrix.refusals.lines((count) => `${count} rows have no features`)) note(line);
  if (!options.quiet) {
    const { name, version } = manifest;
    const seconds = (performance.now() - startedMs) / 1000;
    const separator = file.separator === ',' ? '' : ` (separator ${nameOfSeparator(file.separator)})`;
    out.notes.write(
      `${matrix.rows} rows${separator}, ${matrix.width} features of ${name} ${version}, to ${options.out}, ` +
        `in ${seconds.toFixed(1)} s: ${Math.round(matrix.rows / seconds)} rows/s; ${matrix.windows()}\n`,
    );
  }
  return matrix.refusals.count === 0 ? EXIT.ok : EXIT.data;
}

/** Makes lines of the matrix of the rows of the file, in their order. */
class Matrix {
  readonly header: string;
  readonly width: number;
  readonly refusals = new Refusals();
  rows = 0;
  readonly #options: FeaturesOptions;
  readonly #tensors: readonly TensorSpec[];
  readonly #plan: StatefulPlan;
  readonly #row: Float32Array;
  readonly #recordOf: ReturnType<typeof recordsWith>;
  readonly #keep: readonly number[];
  readonly #timestamp: number | undefined;
  readonly #key: number | undefined;

  constructor(file: CsvFile, { inputs, tensors, windows }: ModelPlan, options: FeaturesOptions) {
    const { text, keep, key, timestamp } = options;
    this.#options = options;
    this.#tensors = tensors;
    this.#plan = new StatefulPlan(inputs, windows);
    this.width = this.#plan.width;
    this.#row = new Float32Array(this.width);
    const fields = columnsFor(file.columns, neededColumns(fieldsRead(inputs, windows), text)).filter(
      ({ name, isRequired }) => isRequired || file.columns.includes(name),
    );
    const one = (name: string | undefined, option: string): number | undefined =>
      name === undefined ? undefined : columnIndexes(file, [name], namedBy(option))[0];
    columnIndexes(file, text, namedBy('--text'));
    this.#keep = columnIndexes(file, keep, namedBy('--keep'));
    this.#timestamp = one(timestamp, '--timestamp');
    this.#key = one(key, '--key');
    this.#recordOf = recordsWith(file, fields);
    this.header = [...keep, ...inputs.flatMap(columnNames)].map(cell).join(',');
  }

  line({ cells, line }: Row): string {
    this.rows++;
    const key = this.#key === undefined ? null : Buffer.from(cells[this.#key] as string);
    const rejection = this.#plan.fill(
      this.#recordOf(cells),
      this.#row,
      0,
      this.#timestampOf(cells, line),
      key,
    );
    if (rejection !== null) this.refusals.add(rejection.code, () => `line ${line}: ${rejection.message}`);
    const values = rejection === null ? this.#values() : ','.repeat(this.width - 1);
    texts.clear();
    return [...this.#keep.map((index) => cell(cells[index])), values].join(',');
  }

  /** The row as a line: floats, whole numbers, flags and text. */
  #values(): string {
    if (this.#tensors.every(({ type }) => type === 'float32')) return this.#row.join(',');
    return tensorValues(this.#tensors, this.#row, 1)
      .flatMap((values) => [...values].map(cell))
      .join(',');
  }

  /** What the windows have counted. */
  windows(): string {
    const { counts, state } = this.#plan;
    const { late, forgotten, hurried } = counts;
    return `${late} late, ${state.keys} keys kept, ${forgotten} forgotten, ${hurried} hurried, ${state.bytes} bytes of state`;
  }

  #timestampOf(cells: Cells, line: number): number {
    if (this.#timestamp === undefined) return 0;
    const said = (cells[this.#timestamp] as string).trim();
    const ms = JSON_NUMBER.test(said) ? Number(said) : timeIn(said);
    if (Number.isFinite(ms)) return ms;
    const { csv, timestamp } = this.#options;
    throw new CsvDataError(
      `${csv}: line ${line}: "${timestamp}" is "${said}", expected milliseconds since 1970 or ISO 8601`,
    );
  }
}

export const registerFeatures: Register = (program, finish) => {
  withQuiet(withJob(program, 'features', "write the feature matrix of a CSV file, by the model's own plan"))
    .requiredOption('--csv <file>', 'rows with a header line, in the order of the log; may be a pipe')
    .requiredOption('--out <file>', 'where to write the matrix, as CSV')
    .option(
      '--separator <character>',
      'between the cells, or tab; found in the header line',
      separatorArgument,
    )
    .option('--timestamp <column>', "the record's timestamp: milliseconds since 1970, or ISO 8601")
    .option('--key <column>', "the record's key")
    .option('--keep <column>', 'a column to write in front of the features; may be given again', collect, [])
    .option(
      '--text <column>',
      'a column that is text, also where it looks like a number; may be given again',
      collect,
      [],
    )
    .action(async (flags: JobFlags & FeaturesOptions) => {
      finish(await features(loadJob(flags, NO_TOPICS), flags));
    });
};
