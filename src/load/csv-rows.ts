// The parser of CSV: pieces of a file go in, and the rows that end in them come out.

import { CsvError, type Parser, parse } from 'csv-parse';
import { ScorelaneError } from '../base/errors.ts';

/** The file is not CSV, or not with the expected content. Exit code 65. */
export class CsvDataError extends ScorelaneError {
  readonly code = 'SCORELANE_CSV';
}

/** The cells of a row, in the order of the columns. */
export type Cells = readonly string[];

export interface Row {
  readonly cells: Cells;
  /** Of the file, as an editor counts them: where the row begins. */
  readonly line: number;
}

/** A longer row is refused: else all that follows a quote that is not closed would be one cell. */
const ROW_BYTES_MAX = 2 ** 20;

export class CsvRows {
  readonly #file: string;
  readonly #parser: Parser;
  #rows: Row[] = [];
  /** As many as the header line has. */
  #width: number | undefined;
  /** The line in which the row before ends, and how many empty lines there were up to it. */
  #end = 0;
  #empty = 0;
  /** Line ends of Windows in cells: the parser counts each as two. */
  #countedTwice = 0;

  constructor(file: string, separator: string) {
    this.#file = file;
    this.#parser = parse({
      bom: true,
      delimiter: separator,
      skip_empty_lines: true,
      // Checked here, in our own words.
      relax_column_count: true,
      max_record_size: ROW_BYTES_MAX,
      // Rows are taken here: as objects of a stream they would cost more.
      on_record: (cells: Cells, { lines, empty_lines: empty }): null => {
        const line = this.#beginning(empty);
        this.#rows.push({ cells, line });
        if (lines - this.#countedTwice > line)
          for (const cell of cells) this.#countedTwice += cell.split('\r\n').length - 1;
        this.#end = lines - this.#countedTwice;
        this.#empty = empty;
        return null;
      },
    });
    // `next` and `end` are told of it too.
    this.#parser.on('error', () => {});
  }

  /** Resolves to the rows that end in the next piece of the file. Rejects with `CsvDataError`. */
  async next(piece: Buffer): Promise<readonly Row[]> {
    await this.#done((told) => this.#parser.write(piece, told));
    return this.#taken();
  }

  /** Resolves to the last row, if no line end is behind it. Rejects with `CsvDataError`. */
  async end(): Promise<readonly Row[]> {
    await this.#done((told) => this.#parser.end(told));
    return this.#taken();
  }

  /** The line in which the row begins that is read now. */
  #beginning(empty: number): number {
    return this.#end + 1 + empty - this.#empty;
  }

  #done(act: (told: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      act((error) => (error instanceof Error ? reject(this.#inWords(error)) : resolve()));
    });
  }

  #taken(): readonly Row[] {
    const rows = this.#rows;
    this.#rows = [];
    this.#width ??= rows[0]?.cells.length;
    const wrong = rows.find(({ cells }) => cells.length !== this.#width);
    if (wrong !== undefined)
      throw new CsvDataError(
        `${this.#file}: line ${wrong.line} has ${wrong.cells.length} cells, ` +
          `expected ${this.#width} as in the header line`,
      );
    return rows;
  }

  #inWords(error: Error): Error {
    if (!(error instanceof CsvError)) return error;
    const what = WORDS[error.code] ?? error.message;
    return new CsvDataError(`${this.#file}: line ${this.#beginning(error.empty_lines as number)}: ${what}`, {
      cause: error,
    });
  }
}

/** Of the errors that text can cause. */
const WORDS: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE:
    'a quote inside of a cell; expected such a cell in quotes, with each quote in it written twice',
  CSV_INVALID_CLOSING_QUOTE:
    'text behind the closing quote of a cell; expected the separator there, or a quote in the cell written twice',
  CSV_QUOTE_NOT_CLOSED: 'a quote that is not closed',
  CSV_MAX_RECORD_SIZE: `a row of more than ${ROW_BYTES_MAX} bytes; is a quote before it not closed?`,
};
