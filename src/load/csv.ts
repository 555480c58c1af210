// Makes records to send from a CSV file, once, or again and again if it is no pipe. Each record has
// its own id, and the number of its row as its key, so that a row always goes to the same
// partition.

import { type CsvFile, openCsv } from './csv-file.ts';
import { CsvDataError, type Row } from './csv-rows.ts';
import type { LoadRecord, LoadRecords } from './load-record.ts';
import { cellValue, columnIndexes, columnsFor, FOR_THE_MODEL, namedBy, place } from './rows.ts';

/** A field that readers of the records use. All other columns are sent where they hold numbers. */
export interface UsedField {
  readonly name: string;
  /** Where its value stands in the record: under its name, unless given. */
  readonly steps?: readonly string[];
  /** A cell that is no number is an error. */
  readonly isNumber: boolean;
  /** An empty cell is an error, and so is a file without the column. */
  readonly isRequired: boolean;
  /** The cells are text, even if they look like numbers: `--text` names the column. */
  readonly isText: boolean;
}

export interface CsvRecordsOptions {
  readonly used: readonly UsedField[];
  readonly separator?: string | undefined;
  /** At its end a file begins again. */
  readonly repeats: boolean;
}

/**
 * Reads a cell: undefined where a field is left out, null where the text is not what it must be.
 */
type Read = (text: string) => unknown;
type Column = readonly [name: string, read: Read, steps: readonly string[]];

export class CsvRecords implements LoadRecords {
  readonly #options: CsvRecordsOptions;
  #file: CsvFile;
  #batches: AsyncIterator<readonly Row[]>;
  #columns: readonly Column[];
  #records: readonly LoadRecord[] = [];
  #taken = 0;
  #row = 0;
  #id = 0;

  private constructor(file: CsvFile, options: CsvRecordsOptions) {
    this.#options = options;
    this.#file = file;
    this.#columns = columnsOf(file, options.used);
    this.#batches = file.batches()[Symbol.asyncIterator]();
  }

  /**
   * Reads the first rows. Rejects with `CsvDataError`, and with the errors of reading the file; so
   * does `take`.
   */
  static async open(file: string, options: CsvRecordsOptions): Promise<CsvRecords> {
    const records = new CsvRecords(await openCsv(file, options.separator), options);
    await records.#readOn();
    return records;
  }

  /** Does not wait for further rows if some are there. */
  async take(count: number): Promise<readonly LoadRecord[]> {
    while (this.#taken === this.#records.length) if (!(await this.#readOn())) return [];
    const from = this.#taken;
    this.#taken = Math.min(from + count, this.#records.length);
    return this.#records.slice(from, this.#taken);
  }

  /** Resolves to false at the end. */
  async #readOn(): Promise<boolean> {
    let { done, value } = await this.#batches.next();
    if (done === true) {
      const { file, size } = this.#file;
      if (size === null || !this.#options.repeats) return false;
      this.#file = await openCsv(file, this.#options.separator);
      this.#columns = columnsOf(this.#file, this.#options.used);
      this.#batches = this.#file.batches()[Symbol.asyncIterator]();
      this.#row = 0;
      ({ done, value } = await this.#batches.next());
    }
    this.#records = (value as readonly Row[]).map((row) => this.#recordOf(row));
    this.#taken = 0;
    return true;
  }

  #recordOf({ cells, line }: Row): LoadRecord {
    const row = this.#row++;
    const fields: Record<string, unknown> = { id: this.#id++ };
    for (let index = 0; index < cells.length; index++) {
      const [name, read, steps] = this.#columns[index] as Column;
      const value = read(cells[index] as string);
      if (value === null)
        throw new CsvDataError(
          `${this.#file.file}: line ${line}: column "${name}" is "${cells[index]}", ${expected(cells[index] as string)}`,
        );
      if (value !== undefined) place(fields, steps, value);
    }
    return { key: `row-${row}`, value: fields };
  }
}

const DECIMAL_COMMA = /^\s*[+-]?\d+,\d+\s*$/;

function expected(text: string): string {
  if (DECIMAL_COMMA.test(text)) return 'expected a number, with a point for decimals';
  // What other programs take for a number, such as `007`, `.5`, `+1` or `0x1f`.
  return text.trim() !== '' && !Number.isNaN(Number(text))
    ? 'expected a number as JSON has them: no zero or plus in front, digits around the point, finite'
    : 'expected a number';
}

function columnsOf(file: CsvFile, fields: readonly UsedField[]): Column[] {
  const used = columnsFor(file.columns, fields);
  // All that are there must be there once.
  const named = used.filter(({ isText }) => isText);
  const read = used.filter(
    ({ name, isRequired, isText }) => !isText && (isRequired || file.columns.includes(name)),
  );
  for (const [those, why] of [
    [named, namedBy('--text')],
    [read, FOR_THE_MODEL],
  ] as const)
    columnIndexes(
      file,
      those.map(({ name }) => name),
      why,
    );
  return file.columns.map((name) => {
    const field = used.find((each) => each.name === name);
    return [name, readerOf(field), field?.steps ?? [name]];
  });
}

function readerOf(field: UsedField | undefined): Read {
  if (field === undefined) return (text) => numberOr(undefined, text);
  const { isNumber, isRequired, isText } = field;
  const empty = isRequired && isNumber ? null : undefined;
  if (isText || !isNumber) return (text) => cellValue(text, isText) ?? empty;
  return (text) => (text.trim() === '' ? empty : numberOr(null, text));
}

function numberOr<T>(other: T, text: string): unknown {
  const value = cellValue(text);
  return typeof value === 'number' || typeof value === 'bigint' ? value : other;
}
