// Records of one's own for the load source: from a file of JSON lines or of CSV.

import type { Config } from '../config/schema.ts';
import { fieldsRead } from '../features/reads.ts';
import { CsvRecords } from '../load/csv.ts';
import { JsonRecords } from '../load/json-records.ts';
import type { LoadRecords } from '../load/load-record.ts';
import { readPlan } from '../model/manifest.ts';
import { modelFolder } from './configured-model.ts';
import { neededColumns } from './needed-columns.ts';
import type { RecordFormat } from './record-file.ts';

export interface OwnRecordsOptions {
  readonly format: RecordFormat;
  /** The option or key by which the file was named. */
  readonly option: string;
  /** Of CSV: between its cells; looked for in the header line unless given. */
  readonly separator?: string | undefined;
  /** Of CSV: the columns that are sent as text, even if they look like numbers. */
  readonly text: readonly string[];
  /** At its end a file begins again. */
  readonly repeats: boolean;
}

/** Rejects with what is wrong with the file. */
export function openOwnRecords(
  config: Config,
  file: string,
  options: OwnRecordsOptions,
): Promise<LoadRecords> {
  const { format, option, separator, text, repeats } = options;
  if (format === 'json')
    return JsonRecords.open(file, { option, lineBytesMax: config.limits.recordBytes, repeats });
  const { inputs, windows } = readPlan(modelFolder(config));
  return CsvRecords.open(file, {
    // Of all other columns only numbers are sent.
    used: neededColumns(fieldsRead(inputs, windows), text, [...config.output.ids, ...text]),
    separator,
    repeats,
  });
}
