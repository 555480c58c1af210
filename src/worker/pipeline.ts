// The pipeline: record-batch bytes in, result-batch bytes out. decode -> features -> predict ->
// encode, a chunk of rows at a time. Runs in a worker thread. From one task to the next it holds
// the states of lanes, for a model that keeps them, and nothing else.

import { SourceHeaders } from '../answers/source-headers.ts';
import { BufferPool } from '../base/buffer-pool.ts';
import { SKIPPED } from '../features/only.ts';
import type { Rejection } from '../features/rejection.ts';
import { NOT_COPARTITIONED } from '../features/stateful-plan.ts';
import { NO_WINDOWS, type WindowCounts } from '../features/window-counts.ts';
import { splitRecordBatches } from '../log/record-batch.ts';
import { openRecordBatch, type RecordView } from '../log/record-batch-reader.ts';
import type { Predictor } from '../model/predictor.ts';
import type { InputReader } from '../reading/input-reader.ts';
import { schemaInHeaders } from '../reading/schema-header.ts';
import type { Outcome } from '../scoring/outcome.ts';
import { NO_RECORDS } from '../scoring/record-counts.ts';
import type { ScoreRequest, ScorerSetup } from '../worker-protocol/messages.ts';
import { ourFault } from './our-fault.ts';
import { notFinite } from './predict/not-finite.ts';
import { predictRows } from './predict/predict-rows.ts';
import { pastLimit } from './record-limits.ts';
import { copyRow, type PendingRow, rowOf } from './row.ts';
import type { LaneStates } from './states/lane-states.ts';
import { TimestampCollector } from './timestamp-runs.ts';
import { appendDeadLetter } from './write/append-dead-letter.ts';
import { Outputs } from './write/outputs.ts';
import type { ResultEncoder } from './write/result-writer.ts';

export interface ScorerParts {
  readonly setup: ScorerSetup;
  readonly reader: InputReader;
  readonly writer: ResultEncoder;
  readonly predictor: Predictor;
  /**
   * States of the lanes on this thread; null for a model that keeps none. The reader puts records
   * into the state that is in use.
   */
  readonly states: LaneStates | null;
  readonly model: { readonly name: string; readonly version: string };
  /** Throws when the model does not work any more. */
  readonly probe: () => void;
}

/** Buffers that all tasks use, one after the other, so that nothing is allocated again. */
interface Workspace {
  readonly features: Float32Array;
  readonly rows: PendingRow[];
  readonly results: Outputs;
  readonly deadLetters: Outputs;
}

const NO_VALUE: Rejection = { stage: 'decode', code: 'NO_VALUE', message: 'the record has no value' };

export class Pipeline {
  readonly #parts: ScorerParts;
  readonly #workspace: Workspace;
  /** What the outputs are written into. */
  readonly #spares = new BufferPool();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
    const { setup, reader } = parts;
    const { resultBatchBytesMax, compression } = setup;
    const outputs = (topic: string): Outputs =>
      new Outputs(topic, resultBatchBytesMax, compression, this.#spares);
    this.#workspace = {
      features: new Float32Array(setup.predictRecordsMax * reader.width),
      rows: [],
      results: outputs(setup.results),
      deadLetters: outputs(setup.deadLetters),
    };
  }

  /**
   * Scores one task. Throws `DamagedBatchError`, `InflationBoundError`, `CompressionError`,
   * `UnsupportedFormatError`, `ModelBrokenError`, `SchemaNeededError` or `StateLostError`: then
   * nothing of it was scored. A state that it had begun to use is lost, unless what it needed was a
   * schema.
   */
  score(request: ScoreRequest): Outcome {
    for (const spare of request.spares) this.#spares.giveBack(spare);
    const { states } = this.#parts;
    const { state, until, counts } = request;
    this.#workspace.results.spreadOver(counts.results, counts.input);
    this.#workspace.deadLetters.spreadOver(counts.deadLetters, counts.input);
    try {
      const task = new Task(this.#parts, request, this.#workspace);
      if (states === null || state === null) return task.run();
      task.check();
      const lane = { topic: request.topic, partition: request.partition, epoch: state.epoch };
      states.use(lane, state.offset);
      const outcome = task.run();
      states.putBack(lane, until);
      return outcome;
    } catch (error) {
      this.#workspace.results.flush();
      this.#workspace.deadLetters.flush();
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
  /** Records that were refused since the last flush, in the order in which they were refused. */
  #refused: { readonly row: PendingRow; readonly rejection: Rejection }[] = [];
  #pending = 0;
  readonly #counts = { ...NO_RECORDS };
  #refusal: string | null = null;
  /**
   * The counts before the first record to score. Records that are only put into the state were
   * counted before.
   */
  #countsBefore: WindowCounts | null = null;
  #predictMs = 0;
  #encodeMs = 0;

  constructor(parts: ScorerParts, request: ScoreRequest, workspace: Workspace) {
    this.#parts = parts;
    this.#request = request;
    this.#workspace = workspace;
    this.#headers = new SourceHeaders(request.topic, request.partition, request.incarnation);
  }

  /**
   * Throws `SchemaNeededError` when the records cannot be read yet. At this point no state has seen
   * any of them.
   */
  check(): void {
    const { reader } = this.#parts;
    if (reader.check === undefined) return;
    this.#forEach((record) => {
      const { bytes, valueStart, valueEnd } = record;
      reader.named?.(schemaInHeaders(record));
      if (valueStart >= 0) reader.check?.(bytes, valueStart, valueEnd);
    });
  }

  run(): Outcome {
    const started = performance.now();
    const { omit, state } = this.#request;
    const { predictRecordsMax } = this.#parts.setup;
    const scoreFrom = state?.scoreFrom ?? 0;
    this.#forEach((record) => {
      const { offset } = record;
      if (
        offset < scoreFrom ||
        (omit.length > 0 && omit.some((run) => offset >= run.from && offset < run.until))
      ) {
        if (state !== null) this.#feed(record);
        return;
      }
      this.#read(record);
      if (this.#pending === predictRecordsMax) this.#flush();
    });
    this.#flush();
    const encodeStarted = performance.now();
    const results = this.#workspace.results.flush();
    const outputs = [...results, ...this.#workspace.deadLetters.flush()];
    const ended = performance.now();
    const encodeMs = this.#encodeMs + ended - encodeStarted;
    return {
      outputs,
      resultBatches: results.length,
      ...this.#counts,
      refusal: this.#refusal,
      windows: this.#parts.states?.countsSince(this.#countsBefore) ?? NO_WINDOWS,
      timestamps: this.#timestamps.runs(),
      decodeMs: ended - started - this.#predictMs - encodeMs,
      predictMs: this.#predictMs,
      encodeMs,
    };
  }

  /** Visits the records that were asked for. */
  #forEach(visit: (record: RecordView) => void): void {
    const { bytes, byteLength, first, until } = this.#request;
    for (const batch of splitRecordBatches(new Uint8Array(bytes, 0, byteLength))) {
      const records = openRecordBatch(batch, this.#parts.setup.inflatedBytesMax);
      while (records.next()) if (records.offset >= first && records.offset < until) visit(records);
    }
  }

  /** Puts a record into the state that has its answer already. */
  #feed(record: RecordView): void {
    const { verdict, state } = this.#request;
    if (verdict === null || state?.takes === true) this.#features(record);
  }

  #read(records: RecordView): void {
    this.#countsBefore ??= this.#parts.states?.counts ?? NO_WINDOWS;
    const { verdict } = this.#request;
    if (verdict !== null) this.#feed(records);
    const rejection = verdict ?? this.#features(records);
    if (rejection === SKIPPED) {
      this.#counts.skipped++;
      return;
    }
    this.#timestamps.add(records.timestampMs);
    if (rejection !== null) {
      if (rejection.code === NOT_COPARTITIONED) this.#counts.unplaced++;
      this.#reject(records, rejection);
      return;
    }
    const row = this.#workspace.rows[this.#pending];
    if (row === undefined) this.#workspace.rows.push(rowOf(records));
    else copyRow(records, row);
    this.#pending++;
  }

  /**
   * Reads a record into the next row. A fault in reading costs the record, and nothing else: no
   * state has seen any of it.
   */
  #features(record: RecordView): Rejection | null {
    try {
      return this.#readRow(record);
    } catch (error) {
      return ourFault('READER_FAILED', 'reading', error);
    }
  }

  #readRow(record: RecordView): Rejection | null {
    const { reader, setup } = this.#parts;
    const { bytes, keyStart, keyEnd, valueStart, valueEnd, timestampMs } = record;
    const refusal = pastLimit(record, setup);
    if (refusal !== null) return refusal;
    if (valueStart < 0) return setup.tombstones === 'skip' ? SKIPPED : NO_VALUE;
    const key = reader.wantsKey && keyStart >= 0 ? bytes.subarray(keyStart, keyEnd) : null;
    const { features } = this.#workspace;
    reader.named?.(schemaInHeaders(record));
    return reader.read(bytes, valueStart, valueEnd, features, this.#pending, timestampMs, key);
  }

  /** Predicts and writes the rows that wait, then the dead letters, in the order of the input. */
  #flush(): void {
    if (this.#pending > 0) this.#predict(this.#pending);
    this.#pending = 0;
    // Records that could not be decoded were refused before those that the model refused. Sort them
    // by offset.
    this.#refused.sort((left, right) => left.row.offset - right.row.offset);
    for (const { row, rejection } of this.#refused) this.#writeDeadLetter(row, rejection);
    this.#refused = [];
  }

  /** Predicts the rows that wait, and writes their results. */
  #predict(count: number): void {
    const { predictor, reader, probe, setup } = this.#parts;
    const parts = { predictor, width: reader.width, withFeatures: setup.features, probe };
    this.#predictMs += predictRows(parts, this.#workspace.features, 0, count, {
      scored: (columns, first, rows) => {
        const started = performance.now();
        for (let index = 0; index < rows; index++) this.#write(first + index, columns, index, rows);
        this.#encodeMs += performance.now() - started;
      },
      refused: (row, rejection) => this.#reject(this.#workspace.rows[row] as PendingRow, rejection),
    });
  }

  #write(rowIndex: number, columns: readonly Float32Array[], index: number, count: number): void {
    const row = this.#workspace.rows[rowIndex] as PendingRow;
    const refusal = notFinite(columns, index, count);
    if (refusal !== null) {
      this.#reject(row, refusal);
      return;
    }
    const { writer, reader } = this.#parts;
    const { bytes } = row;
    try {
      writer.write(reader, rowIndex, bytes, columns, index, count);
    } catch (error) {
      this.#reject(row, ourFault('RESULT_FAILED', 'writing the result of', error));
      return;
    }
    this.#headers.set(row.offset);
    this.#workspace.results
      .writerFor(this.#request.partition, bytes, row.keyStart, row.keyEnd, writer.end + this.#headers.end)
      .append(
        row.timestamp,
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
    this.#counts.scored++;
  }

  #reject(row: RecordView, rejection: Rejection): void {
    this.#refusal ??= `${rejection.code}: ${rejection.message}`;
    this.#refused.push({ row: rowOf(row), rejection });
  }

  #writeDeadLetter(row: PendingRow, rejection: Rejection): void {
    const { topic, partition, incarnation } = this.#request;
    const { model, setup } = this.#parts;
    const context = { topic, partition, incarnation, model: model.name, version: model.version };
    appendDeadLetter(this.#workspace.deadLetters, row, rejection, context, setup.deadLetterDialects);
    this.#counts.deadLetters++;
  }
}
