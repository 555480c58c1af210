// Records of one's own for the load source: from a file of JSON lines or of CSV.

import type { Config } from '../config/schema.ts';
import { parsePath } from '../features/path.ts';
import { fieldsRead, type ReadField } from '../features/reads.ts';
import { CsvRecords, type UsedField } from '../load/csv.ts';
import { JsonRecords } from '../load/json-records.ts';
import type { LoadRecords } from '../load/load-record.ts';
import { readPlan } from '../model/manifest.ts';
import { modelFolder } from './configured-model.ts';
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
    used: usedFields(fieldsRead(inputs, windows), config, text),
    separator,
    repeats,
  });
}

/** The columns that somebody reads, as numbers or as text. Of all others only numbers are sent. */
function usedFields(fields: readonly ReadField[], { output }: Config, texts: readonly string[]): UsedField[] {
  const others = [...output.ids, ...texts].filter((name) => !fields.some(({ path }) => path === name));
  return [
    ...fields.map(({ path, ...field }) => ({
      name: path,
      steps: parsePath(path),
      ...field,
      isText: field.isText || texts.includes(path),
    })),
    ...[...new Set(others)].map((name) => ({
      name,
      steps: parsePath(name),
      isNumber: false,
      isRequired: false,
      isText: texts.includes(name),
    })),
  ];
}
