// Makes records to send from JSON lines, once, or again and again if the file is no pipe. A record
// has the number of its line as its key, as a row of CSV has, and goes out as it stands there where
// the topic has JSON.

import { codecs } from '../codec/codecs.ts';
import { type JsonLine, JsonLinesError, type JsonLinesOptions, openJsonLines } from './json-lines.ts';
import type { LoadRecord, LoadRecords } from './load-record.ts';

export interface JsonRecordsOptions extends JsonLinesOptions {
  /** At its end a file begins again. */
  readonly repeats: boolean;
}

export class JsonRecords implements LoadRecords {
  readonly #file: string;
  readonly #options: JsonRecordsOptions;
  #batches: AsyncIterator<readonly JsonLine[]>;
  readonly #isPipe: boolean;
  #records: readonly LoadRecord[] = [];

  private constructor(file: string, options: JsonRecordsOptions, opened: Opened) {
    this.#file = file;
    this.#options = options;
    this.#isPipe = opened.size === null;
    this.#batches = opened.batches()[Symbol.asyncIterator]();
  }

  /** Rejects with `JsonLinesError`, and with the errors of reading the file; so does `take`. */
  static async open(file: string, options: JsonRecordsOptions): Promise<JsonRecords> {
    const records = new JsonRecords(file, options, await openJsonLines(file, options));
    // What is wrong at the beginning of a file is told before anything is done with it.
    if (!records.#isPipe) await records.take(0);
    return records;
  }

  /** Does not wait for further lines if some are there. */
  async take(count: number): Promise<readonly LoadRecord[]> {
    while (this.#records.length === 0) if (!(await this.#readOn())) return [];
    const records = this.#records.slice(0, count);
    this.#records = this.#records.slice(count);
    return records;
  }

  /** Resolves to false at the end. */
  async #readOn(): Promise<boolean> {
    let { done, value } = await this.#batches.next();
    if (done === true) {
      if (this.#isPipe || !this.#options.repeats) return false;
      this.#batches = (await openJsonLines(this.#file, this.#options)).batches()[Symbol.asyncIterator]();
      ({ done, value } = await this.#batches.next());
    }
    this.#records = (value as readonly JsonLine[]).map((line) => this.#recordOf(line));
    return true;
  }

  #recordOf({ bytes, line }: JsonLine): LoadRecord {
    const expected = 'expected one JSON object on each line';
    let value: unknown;
    try {
      value = codecs.json.decode(bytes, 0, bytes.byteLength);
    } catch (error) {
      throw new JsonLinesError(`${this.#file}: line ${line}: ${(error as Error).message}; ${expected}`, {
        cause: error,
      });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new JsonLinesError(
        `${this.#file}: line ${line}: ${expected}, found ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}`,
      );
    return { key: `row-${line - 1}`, value: value as LoadRecord['value'], json: bytes };
  }
}

type Opened = Awaited<ReturnType<typeof openJsonLines>>;
