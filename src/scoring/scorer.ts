// The scorer: record-batch bytes in, result-batch bytes out. decode -> features -> predict -> encode, a chunk of rows at
// a time. Runs in a worker thread and holds no state from one task to the next.

import type { Rejection } from '../features/rejection.ts';
import { BufferPool } from '../log/buffer-pool.ts';
import { viewOf } from '../log/int64.ts';
import type { ResultBatch, ScoredMicroBatch } from '../log/ports.ts';
import { splitRecordBatches } from '../log/record-batch.ts';
import { countHeaders, openRecordBatch, type RecordView } from '../log/record-batch-reader.ts';
import type { Predictor } from '../model/predictor.ts';
import { deadLetterHeaders } from './dead-letter.ts';
import type { InputReader } from './input-reader.ts';
import type { OutputTopic, ScoreRequest, ScorerSetup } from './messages.ts';
import { Outputs } from './outputs.ts';
import type { ResultWriter } from './result-writer.ts';
import { SourceHeaders } from './source-headers.ts';
import { TimestampCollector } from './timestamp-runs.ts';

/** The model fails on its own golden records: no record is to blame. */
export class ModelBrokenError extends Error {
  readonly code = 'SCORELANE_MODEL_BROKEN';
  override readonly name = 'ModelBrokenError';
}

export interface ScorerParts {
  readonly setup: ScorerSetup;
  readonly reader: InputReader;
  readonly writer: ResultWriter;
  readonly predictor: Predictor;
  readonly model: { readonly name: string; readonly version: string };
  /** Throws when the model does not work any more. */
  readonly probe: () => void;
}

/** A record that waits for its score, as positions in its batch: nothing is copied until it is written. */
type Row = { -readonly [Field in keyof RecordView]: RecordView[Field] };

/** What is used by one task after the other, so that nothing of it is allocated anew. */
interface Workspace {
  readonly features: Float32Array;
  readonly rows: Row[];
  readonly results: Outputs;
  readonly deadLetters: Outputs;
}

/** The lengths of its key and its value. */
const HEADER_BYTES_MIN = 2;

const NO_VALUE: Rejection = { stage: 'decode', code: 'NO_VALUE', message: 'the record has no value' };

export class Scorer {
  readonly #parts: ScorerParts;
  readonly #workspace: Workspace;
  /** What the outputs are written into. */
  readonly #spares = new BufferPool();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
    const { setup, reader } = parts;
    const { inputPartitionCount, resultBatchBytesMax, compression } = setup;
    const outputs = (topic: OutputTopic): Outputs =>
      new Outputs(topic, inputPartitionCount, resultBatchBytesMax, compression, this.#spares);
    this.#workspace = {
      features: new Float32Array(setup.predictRecordsMax * reader.width),
      rows: [],
      results: outputs(setup.results),
      deadLetters: outputs(setup.deadLetters),
    };
  }

  /**
   * Scores one task. Throws `DamagedBatchError`, `InflationBoundError`, `CompressionError`, `UnsupportedFormatError` or
   * `ModelBrokenError`: then nothing of it was scored.
   */
  score(request: ScoreRequest): ScoredMicroBatch {
    for (const spare of request.spares) this.#spares.giveBack(spare);
    try {
      return new Task(this.#parts, request, this.#workspace).run();
    } catch (error) {
      this.#workspace.results.take();
      this.#workspace.deadLetters.take();
      throw error;
    }
  }
}

/** One run through the pipeline. */
class Task {
  readonly #parts: ScorerParts;
  readonly #request: ScoreRequest;
  readonly #workspace: Workspace;
  readonly #headers: SourceHeaders;
  readonly #timestamps = new TimestampCollector();
  /** Records refused since the last flush, in the order in which that was found out. */
  #refused: { readonly row: Row; readonly rejection: Rejection }[] = [];
  #pending = 0;
  #scored = 0;
  #dead = 0;
  #predictMs = 0;
  #encodeMs = 0;

  constructor(parts: ScorerParts, request: ScoreRequest, workspace: Workspace) {
    this.#parts = parts;
    this.#request = request;
    this.#workspace = workspace;
    this.#headers = new SourceHeaders(request.topic, request.partition);
  }

  run(): ScoredMicroBatch {
    const started = performance.now();
    const { bytes, byteLength, first, until, omit } = this.#request;
    const { inflatedBytesMax, predictRecordsMax } = this.#parts.setup;
    for (const batch of splitRecordBatches(new Uint8Array(bytes, 0, byteLength))) {
      const records = openRecordBatch(batch, inflatedBytesMax);
      while (records.next()) {
        if (records.offset < first || records.offset >= until) continue;
        if (omit.length > 0 && omit.some((run) => records.offset >= run.from && records.offset < run.until))
          continue;
        this.#read(records);
        if (this.#pending === predictRecordsMax) this.#flush();
      }
    }
    this.#flush();
    const encodeStarted = performance.now();
    const outputs: ResultBatch[] = [...this.#workspace.results.take(), ...this.#workspace.deadLetters.take()];
    const ended = performance.now();
    const encodeMs = this.#encodeMs + ended - encodeStarted;
    return {
      outputs,
      scored: this.#scored,
      deadLetters: this.#dead,
      timestamps: this.#timestamps.runs(),
      decodeMs: ended - started - this.#predictMs - encodeMs,
      predictMs: this.#predictMs,
      encodeMs,
    };
  }

  #read(records: RecordView): void {
    this.#timestamps.add(records.timestampMs);
    const { verdict } = this.#request;
    const rejection =
      verdict ??
      this.#refusal(records) ??
      (records.valueStart < 0
        ? NO_VALUE
        : this.#parts.reader.read(
            records.bytes,
            records.valueStart,
            records.valueEnd,
            this.#workspace.features,
            this.#pending,
            records.timestampMs,
          ));
    if (rejection !== null) {
      this.#reject(records, rejection);
      return;
    }
    const row = this.#workspace.rows[this.#pending];
    if (row === undefined) this.#workspace.rows.push(rowOf(records));
    else copyRow(records, row);
    this.#pending++;
  }

  /** Past a limit of the configuration: nothing of the record is decoded. */
  #refusal(record: RecordView): Rejection | null {
    const { recordBytesMax, headersMax } = this.#parts.setup;
    const { keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } = record;
    const headersBytes = headersEnd - headersStart;
    const bytes = keyEnd - keyStart + valueEnd - valueStart + headersBytes;
    if (bytes > recordBytesMax) {
      const message = `the record has ${bytes} bytes, limits.recordBytes allows ${recordBytesMax}`;
      return { stage: 'decode', code: 'RECORD_TOO_LARGE', message };
    }
    // A header takes two bytes at least: most records need not be counted.
    if (headersBytes <= HEADER_BYTES_MIN * headersMax) return null;
    const count = countHeaders(record);
    if (count <= headersMax) return null;
    const message = `the record has ${count} headers, limits.headers allows ${headersMax}`;
    return { stage: 'decode', code: 'TOO_MANY_HEADERS', message };
  }

  /** Predicts and writes the rows that wait, then the dead letters, in the order of the input. */
  #flush(): void {
    if (this.#pending > 0) this.#predict(0, this.#pending);
    this.#pending = 0;
    // One that could not be decoded was refused before those that the model refused, wherever it stood.
    this.#refused.sort((left, right) => left.row.offset - right.row.offset);
    for (const { row, rejection } of this.#refused) this.#writeDeadLetter(row, rejection);
    this.#refused = [];
  }

  /**
   * Predicts rows `from` up to `to`. If the model throws, the rows are halved until the culprit is alone; it becomes a
   * dead letter, unless the model fails on its golden records too.
   */
  #predict(from: number, to: number): void {
    const { predictor, reader, probe } = this.#parts;
    const count = to - from;
    const started = performance.now();
    let columns: Float32Array[];
    try {
      columns = predictor.predict(
        this.#workspace.features.subarray(from * reader.width, to * reader.width),
        count,
      );
      this.#predictMs += performance.now() - started;
    } catch (error) {
      this.#predictMs += performance.now() - started;
      if (count > 1) {
        const middle = from + (count >> 1);
        this.#predict(from, middle);
        this.#predict(middle, to);
        return;
      }
      probe();
      const message = (error as Error).message;
      this.#reject(this.#workspace.rows[from] as Row, { stage: 'predict', code: 'PREDICT_FAILED', message });
      return;
    }
    const encodeStarted = performance.now();
    for (let index = 0; index < count; index++) this.#write(from + index, columns, index, count);
    this.#encodeMs += performance.now() - encodeStarted;
  }

  #write(rowIndex: number, columns: readonly Float32Array[], index: number, count: number): void {
    const row = this.#workspace.rows[rowIndex] as Row;
    for (const column of columns) {
      const width = column.length / count;
      for (let at = index * width; at < (index + 1) * width; at++) {
        if (Number.isFinite(column[at])) continue;
        this.#reject(row, {
          stage: 'predict',
          code: 'SCORE_NOT_FINITE',
          message: `the model gives ${column[at]} for this record`,
        });
        return;
      }
    }
    const { writer, reader } = this.#parts;
    const { bytes } = row;
    writer.write(reader, rowIndex, bytes, columns, index, count);
    this.#headers.set(row.offset);
    this.#workspace.results
      .writerFor(this.#request.partition, bytes, row.keyStart, row.keyEnd)
      .append(
        row.timestampMs,
        bytes,
        row.keyStart,
        row.keyEnd,
        writer.view,
        0,
        writer.end,
        this.#headers.view,
        0,
        this.#headers.end,
      );
    this.#scored++;
  }

  #reject(row: RecordView, rejection: Rejection): void {
    this.#refused.push({ row: rowOf(row), rejection });
  }

  #writeDeadLetter(row: Row, rejection: Rejection): void {
    const { topic, partition } = this.#request;
    const { name, version } = this.#parts.model;
    const { keyStart, keyEnd, valueStart, valueEnd, bytes } = row;
    const context = { topic, partition, model: name, version };
    const { deadLetterDialects } = this.#parts.setup;
    const headers = deadLetterHeaders(row, rejection, context, deadLetterDialects);
    this.#workspace.deadLetters
      .writerFor(partition, bytes, keyStart, keyEnd)
      .append(
        row.timestampMs,
        bytes,
        keyStart,
        keyEnd,
        viewOf(bytes),
        valueStart,
        valueEnd,
        viewOf(headers),
        0,
        headers.byteLength,
      );
    this.#dead++;
  }
}

function rowOf(record: RecordView): Row {
  const { bytes, offset, timestampMs, keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd } =
    record;
  return { bytes, offset, timestampMs, keyStart, keyEnd, valueStart, valueEnd, headersStart, headersEnd };
}

function copyRow(record: RecordView, row: Row): void {
  row.bytes = record.bytes;
  row.offset = record.offset;
  row.timestampMs = record.timestampMs;
  row.keyStart = record.keyStart;
  row.keyEnd = record.keyEnd;
  row.valueStart = record.valueStart;
  row.valueEnd = record.valueEnd;
  row.headersStart = record.headersStart;
  row.headersEnd = record.headersEnd;
}
