// What is written of scored records: the values of their results, each on a line, and their dead
// letters, each with its reason and the line that it came from.

import { parseDeadLetter } from '../answers/dead-letter.ts';
import type { ScoredRecords } from '../daemon/score-file.ts';
import type { ResultBatch } from '../log/ports.ts';
import { readHeader } from '../log/record-batch.ts';
import { openRecordBatch, type RecordReader } from '../log/record-batch-reader.ts';
import { textField } from './record-line.ts';
import { Refusals } from './refusals.ts';

const LINE_FEED = Buffer.from('\n');

function* recordsIn(batches: readonly ResultBatch[], inflatedBytesMax: number): Generator<RecordReader> {
  for (const { bytes } of batches) {
    const records = openRecordBatch({ header: readHeader(bytes), bytes }, inflatedBytesMax);
    while (records.next()) yield records;
  }
}

export class ScoredLines {
  readonly refusals = new Refusals();
  results = 0;
  skipped = 0;
  readonly #inflatedBytesMax: number;

  constructor(inflatedBytesMax: number) {
    this.#inflatedBytesMax = inflatedBytesMax;
  }

  /** The values of the results, byte for byte, with their line ends. */
  resultsOf({ outcome }: ScoredRecords): Uint8Array {
    const parts: Uint8Array[] = [];
    this.results += outcome.scored;
    this.skipped += outcome.skipped;
    for (const { bytes, valueStart, valueEnd } of recordsIn(
      outcome.outputs.slice(0, outcome.resultBatches),
      this.#inflatedBytesMax,
    ))
      parts.push(bytes.subarray(valueStart, valueEnd), LINE_FEED);
    return Buffer.concat(parts);
  }

  /** A JSON object for each dead letter; its value is the record as it came, as text. */
  deadLettersOf({ outcome, first, lines }: ScoredRecords): string[] {
    const letters: string[] = [];
    for (const record of recordsIn(outcome.outputs.slice(outcome.resultBatches), this.#inflatedBytesMax)) {
      const reason = parseDeadLetter(record)?.reason;
      if (reason === undefined) throw new TypeError('a dead letter without its reason');
      const { offset, stage, code, message } = reason;
      const line = lines[offset - first];
      this.refusals.add(code, () => `line ${line}: ${message}`);
      letters.push(JSON.stringify({ line, stage, code, message, ...textField('value', record.value()) }));
    }
    return letters;
  }
}
