// One run through the pipeline: the records of all parts become rows of one matrix, which are
// predicted together; the answers are written part by part.

import { SKIPPED } from '../features/only.ts';
import type { Rejection } from '../features/rejection.ts';
import { texts } from '../features/texts.ts';
import { NO_WINDOWS } from '../features/window-counts.ts';
import { splitRecordBatches } from '../log/record-batch.ts';
import { openRecordBatch, type RecordView } from '../log/record-batch-reader.ts';
import type { OutputColumn } from '../model/predictor.ts';
import { schemaInHeaders } from '../reading/schema-header.ts';
import type { Outcome } from '../scoring/outcome.ts';
import type { ScorePart, ScoreRequest } from '../worker-protocol/messages.ts';
import { ourFault } from './our-fault.ts';
import type { PartAnswers } from './part-answers.ts';
import { predictWithCanary } from './predict/canary.ts';
import { type PredictParts, predictRows } from './predict/predict-rows.ts';
import { type ShadowedRows, shadowRows } from './predict/shadow.ts';
import type { RunningTrial } from './predict/tried-model.ts';
import { pastLimit } from './record-limits.ts';
import { copyRow, type PendingRow, rowOf } from './row.ts';
import type { ScorerParts, Workspace } from './scorer-parts.ts';
import { TaskAnswers } from './task-answers.ts';

const NO_VALUE: Rejection = { stage: 'decode', code: 'NO_VALUE', message: 'the record has no value' };

/** Whose rows are read, and the version whose answers are wanted beside, if there is one. */
export interface TaskVersions {
  readonly parts: ScorerParts;
  readonly workspace: Workspace;
  /** It reads as the other does: the rows are also its own. */
  readonly beside: Omit<TaskVersions, 'beside'> | null;
}

/** What is predicted and answered beside. */
interface Beside {
  readonly parts: ScorerParts;
  readonly answers: TaskAnswers;
}

export class Task {
  readonly #parts: ScorerParts;
  readonly #bytes: ArrayBuffer;
  readonly #workspace: Workspace;
  readonly #shadow: RunningTrial | undefined;
  readonly #canary: RunningTrial | undefined;
  readonly #answers: TaskAnswers;
  readonly #beside: Beside | null;
  /** The part that is read. */
  #reading = 0;
  /** Rows that are read and not predicted. */
  #pending = 0;
  #predictMs = 0;
  #encodeMs = 0;

  constructor(
    { parts, workspace, beside }: TaskVersions,
    { parts: asked, bytes }: ScoreRequest,
    trials: readonly RunningTrial[],
  ) {
    this.#parts = parts;
    this.#bytes = bytes;
    this.#workspace = workspace;
    this.#shadow = trials.find(({ trial }) => trial.kind === 'shadow');
    this.#canary = trials.find(({ trial }) => trial.kind === 'canary');
    this.#answers = new TaskAnswers(parts, asked, workspace);
    this.#beside =
      beside === null
        ? null
        : {
            parts: beside.parts,
            answers: new TaskAnswers(beside.parts, asked, { ...beside.workspace, rows: workspace.rows }),
          };
  }

  /**
   * Throws `SchemaNeededError` when the records cannot be read yet. At this point no state has seen
   * any of them.
   */
  check(): void {
    const { reader } = this.#parts;
    if (reader.check === undefined) return;
    this.#forEachPart((part, byteAt) =>
      this.#forEach(part, byteAt, (record) => {
        const { bytes, valueStart, valueEnd } = record;
        reader.named?.(schemaInHeaders(record));
        if (valueStart >= 0) reader.check?.(bytes, valueStart, valueEnd);
      }),
    );
  }

  /** An outcome for each part. */
  run(): readonly Outcome[] {
    const started = performance.now();
    const startedAtMs = performance.timeOrigin + started;
    this.#forEachPart((part, byteAt, index) => {
      this.#reading = index;
      const beside = this.#beside?.answers.all[index];
      this.#readPart(part, byteAt, this.#answers.all[index] as PartAnswers, beside);
    });
    this.#reading = this.#answers.all.length;
    this.#flush();
    const [predictMs, encodeMs] = [this.#predictMs, this.#encodeMs];
    const tookMs = performance.now() - started;
    this.#shadow?.tally.worked(tookMs);
    const decodeMs = tookMs - predictMs - encodeMs;
    const times = { decodeMs, predictMs, encodeMs };
    return this.#answers.all.map((answers, index) => {
      const outcome = answers.outcome(times, startedAtMs);
      const beside = this.#beside?.answers.all[index]?.outcome(times, startedAtMs);
      return beside === undefined ? outcome : { ...outcome, beside };
    });
  }

  #forEachPart(visit: (part: ScorePart, byteAt: number, index: number) => void): void {
    let byteAt = 0;
    this.#answers.all.forEach(({ part }, index) => {
      visit(part, byteAt, index);
      byteAt += part.byteLength;
    });
  }

  #readPart(part: ScorePart, byteAt: number, answers: PartAnswers, beside?: PartAnswers): void {
    const { omit, state, peeksAt, topic, partition } = part;
    if (peeksAt !== undefined) this.#parts.states?.peek({ topic, partition, epoch: peeksAt });
    const { predictRecordsMax } = this.#parts.setup;
    const scoreFrom = state?.scoreFrom ?? 0;
    this.#forEach(part, byteAt, (record) => {
      const { offset } = record;
      if (
        offset < scoreFrom ||
        (omit.length > 0 && omit.some((run) => offset >= run.from && offset < run.until))
      ) {
        if (state !== null) this.#feed(part, record);
        return;
      }
      this.#read(part, record, answers, beside);
      if (this.#pending === predictRecordsMax) this.#flush();
    });
  }

  /** Visits the records that were asked for, whose record batches begin at `byteAt`. */
  #forEach(
    { byteLength, first, until }: ScorePart,
    byteAt: number,
    visit: (record: RecordView) => void,
  ): void {
    for (const batch of splitRecordBatches(new Uint8Array(this.#bytes, byteAt, byteLength))) {
      const records = openRecordBatch(batch, this.#parts.setup.inflatedBytesMax);
      while (records.next()) if (records.offset >= first && records.offset < until) visit(records);
    }
  }

  /** Puts a record into the state that has its answer already. */
  #feed({ verdict, state }: ScorePart, record: RecordView): void {
    if (verdict === null || state?.takes === true) this.#features(record);
  }

  #read(part: ScorePart, record: RecordView, answers: PartAnswers, beside?: PartAnswers): void {
    answers.windowsFrom(this.#parts.states?.counts ?? NO_WINDOWS);
    const { verdict } = part;
    if (verdict !== null) this.#feed(part, record);
    const rejection = verdict ?? this.#features(record);
    if (rejection === SKIPPED) {
      answers.skip();
      beside?.skip();
      return;
    }
    answers.count(record);
    if (rejection !== null) {
      answers.reject(record, rejection);
      beside?.reject(record, rejection);
      return;
    }
    const row = this.#workspace.rows[this.#pending];
    if (row === undefined) this.#workspace.rows.push(rowOf(record));
    else copyRow(record, row);
    answers.rowsEnd = ++this.#pending;
    if (beside !== undefined) beside.rowsEnd = this.#pending;
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

  /**
   * Predicts and writes the rows that wait, and the dead letters behind them. Parts that were read
   * to their end are finished.
   */
  #flush(): void {
    if (this.#pending > 0) this.#predict(this.#pending);
    this.#pending = 0;
    texts.clear();
    const started = performance.now();
    this.#answers.endChunk(this.#reading);
    this.#beside?.answers.endChunk(this.#reading);
    this.#encodeMs += performance.now() - started;
  }

  /** Rows come, or are refused, in the order in which they were read. */
  #predict(count: number): void {
    const { predictor, reader, probe } = this.#parts;
    const parts = { predictor, width: reader.width, probe };
    if (this.#canary === undefined) this.#predictAll(parts, count);
    else this.#predictSplit(parts, this.#canary, count);
    if (this.#beside !== null) this.#predictBeside(this.#beside, count);
  }

  /** The same rows, as if the version beside had read them itself. */
  #predictBeside({ parts, answers }: Beside, count: number): void {
    const { features, rows } = this.#workspace;
    const { predictor, reader, probe } = parts;
    this.#predictMs += predictRows({ predictor, width: reader.width, probe }, features, 0, count, {
      scored: (columns, first, scored) => this.#write(answers, columns, first, scored),
      refused: (row, rejection) => answers.of(row).reject(rows[row] as PendingRow, rejection),
    });
  }

  #write(
    answers: TaskAnswers,
    columns: readonly OutputColumn[],
    first: number,
    rows: number,
    shadowed: ShadowedRows | null = null,
  ): void {
    const started = performance.now();
    answers.write(columns, first, rows, shadowed);
    this.#encodeMs += performance.now() - started;
  }

  #predictAll(parts: PredictParts, count: number): void {
    const { features } = this.#workspace;
    const started = performance.now();
    let shadowMs = 0;
    const tookMs = predictRows(parts, features, 0, count, {
      scored: (columns, first, rows) => {
        this.#parts.drift?.count(features, columns, first, rows);
        // Of rows that were halved a shadow sees none.
        const scoredMs = performance.now();
        const shadowed =
          this.#shadow === undefined || rows < count
            ? null
            : shadowRows(this.#shadow, {
                ...{ features: features.subarray(0, count * parts.width), count, columns },
                tookMs: scoredMs - started,
              });
        shadowMs += performance.now() - scoredMs;
        this.#write(this.#answers, columns, first, rows, shadowed);
      },
      refused: (row, rejection) => this.#refuse(row, rejection),
    });
    this.#predictMs += tookMs + shadowMs;
  }

  /** Of these rows a shadow sees none: they have no single version that serves. */
  #predictSplit(parts: PredictParts, canary: RunningTrial, count: number): void {
    const { features, rows } = this.#workspace;
    const started = performance.now();
    const tookMs = predictWithCanary(parts, canary, rows, features, count, {
      scored: (row, columns, index, of, by) => {
        if (by === null) this.#parts.drift?.countRow(features, row, columns, index, of);
        this.#answers.of(row).write(row, columns, index, of, by ?? this.#parts);
      },
      refused: (row, rejection) => this.#refuse(row, rejection),
    });
    this.#predictMs += tookMs;
    this.#encodeMs += performance.now() - started - tookMs;
  }

  #refuse(row: number, rejection: Rejection): void {
    this.#answers.of(row).reject(this.#workspace.rows[row] as PendingRow, rejection);
  }
}
