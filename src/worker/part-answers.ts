// The answers to one part of a task: its results and dead letters, its counts and timestamps. The
// outputs are those that the part would get if it came alone, byte for byte.

import { type HeadersBlock, SourceHeaders } from '../answers/source-headers.ts';
import type { Rejection } from '../features/rejection.ts';
import { NOT_COPARTITIONED } from '../features/stateful-plan.ts';
import { NO_WINDOWS, type WindowCounts } from '../features/window-counts.ts';
import type { RecordView } from '../log/record-batch-reader.ts';
import type { OutputColumn } from '../model/predictor.ts';
import { NO_OUTCOME, type Outcome } from '../scoring/outcome.ts';
import { NO_RECORDS } from '../scoring/record-counts.ts';
import { NOT_TRACED } from '../scoring/traced.ts';
import type { ScorePart } from '../worker-protocol/messages.ts';
import { ourFault } from './our-fault.ts';
import { notFinite } from './predict/not-finite.ts';
import type { ShadowedRows } from './predict/shadow.ts';
import type { Answering } from './predict/tried-model.ts';
import { type PendingRow, rowOf } from './row.ts';
import type { ScorerParts, Workspace } from './scorer-parts.ts';
import { TimestampCollector } from './timestamp-runs.ts';
import { PartTrace } from './trace/part-trace.ts';
import { appendDeadLetter } from './write/append-dead-letter.ts';
import type { Outputs } from './write/outputs.ts';
import type { ResultEncoder } from './write/result-writer.ts';

interface Refused {
  readonly row: PendingRow;
  readonly rejection: Rejection;
}

/** The header of each result of a shadow, which names it. */
const SHADOW_HEADER = '__scorelane.shadow';

type Times = Pick<Outcome, 'decodeMs' | 'predictMs' | 'encodeMs'>;

export class PartAnswers {
  readonly part: ScorePart;
  /** Of the rows that wait, its own end here. Those before may be of other parts. */
  rowsEnd = 0;
  readonly #parts: ScorerParts;
  readonly #workspace: Workspace;
  readonly #headers: SourceHeaders;
  #shadowHeaders: SourceHeaders | null = null;
  /** Null where nothing is traced. */
  readonly #trace: PartTrace | null;
  readonly #timestamps = new TimestampCollector();
  /** Records that were refused since the last chunk, in the order in which they were refused. */
  #refused: Refused[] = [];
  readonly #counts = { ...NO_RECORDS };
  #refusal: string | null = null;
  readonly #codes: Partial<Record<Rejection['code'], number>> = {};
  readonly #offsets: Partial<Record<Rejection['code'], number>> = {};
  /**
   * The counts before the first record to score. Records that are only put into the state were
   * counted before.
   */
  #windowsBefore: WindowCounts | null = null;
  #outcome: Outcome = NO_OUTCOME;

  constructor(parts: ScorerParts, part: ScorePart, workspace: Workspace) {
    this.part = part;
    this.#parts = parts;
    this.#workspace = workspace;
    this.#headers = new SourceHeaders(
      part.topic,
      part.partition,
      part.incarnation,
      parts.setup.resultHeaders,
    );
    this.#trace = workspace.sampler === null ? null : new PartTrace(workspace.sampler, this.#headers);
  }

  /** What windows have counted is this part's from the first call on. */
  windowsFrom(counts: WindowCounts): void {
    this.#windowsBefore ??= counts;
  }

  skip(): void {
    this.#counts.skipped++;
  }

  /** A record that gets an answer. */
  count({ timestampMs }: RecordView): void {
    this.#timestamps.add(timestampMs);
  }

  reject(record: RecordView, rejection: Rejection): void {
    if (rejection.code === NOT_COPARTITIONED) this.#counts.unplaced++;
    this.#refused.push({ row: rowOf(record), rejection });
  }

  /**
   * Writes the result of a row, from index `index` of the `count` rows in `columns`. `by`: the
   * version that gave them.
   */
  write(
    rowIndex: number,
    columns: readonly OutputColumn[],
    index: number,
    count: number,
    by: Answering = this.#parts,
  ): void {
    const row = this.#workspace.rows[rowIndex] as PendingRow;
    const refusal = notFinite(columns, index, count);
    if (refusal !== null) {
      this.reject(row, refusal);
      return;
    }
    const { writer, routed } = by;
    const { bytes } = row;
    try {
      writer.write(this.#parts.reader, rowIndex, bytes, columns, index, count);
    } catch (error) {
      this.reject(row, ourFault('RESULT_FAILED', 'writing the result of', error));
      return;
    }
    this.#headers.set(row.offset);
    const headers = this.#trace === null ? this.#headers : this.#trace.headersOf(row);
    this.#append(this.#workspace.results, row, headers, writer);
    if (routed.length > 0) this.#route(row, columns, index, headers, by);
    this.#counts.scored++;
  }

  /** The result that was written last, of that row, to the routes whose condition it meets. */
  #route(
    row: PendingRow,
    columns: readonly OutputColumn[],
    index: number,
    headers: HeadersBlock,
    { routed, writer }: Answering,
  ): void {
    routed.forEach((test, route) => {
      if (test(columns, index)) this.#append(this.#workspace.routes[route] as Outputs, row, headers, writer);
    });
  }

  /**
   * Keeps what a shadow says of a row, where somebody does. What cannot be written is a failure of
   * the shadow.
   */
  writeShadow(row: number, { by, writer, columns, count, failed, fail }: ShadowedRows): void {
    const { shadows, rows } = this.#workspace;
    if (shadows === null || failed.has(row)) return;
    const pending = rows[row] as PendingRow;
    const { topic, partition, incarnation } = this.part;
    try {
      writer.write(this.#parts.reader, row, pending.bytes, columns, row, count);
    } catch {
      fail();
      return;
    }
    this.#shadowHeaders ??= new SourceHeaders(topic, partition, incarnation, {
      ...this.#parts.setup.resultHeaders,
      [SHADOW_HEADER]: by,
    });
    this.#shadowHeaders.set(pending.offset);
    this.#append(shadows, pending, this.#shadowHeaders, writer);
  }

  /** The result that was written last, of that row. */
  #append(to: Outputs, row: PendingRow, headers: HeadersBlock, writer: ResultEncoder): void {
    const { bytes } = row;
    to.writerFor(this.part.partition, bytes, row.keyStart, row.keyEnd, writer.end + headers.end).append(
      row.timestamp,
      bytes,
      row.keyStart,
      row.keyEnd,
      writer.view,
      0,
      writer.end,
      headers.view,
      0,
      headers.end,
    );
  }

  /** The rows that waited are written. Their dead letters follow, in the order of the input. */
  endChunk(): void {
    this.rowsEnd = 0;
    // Records that could not be decoded were refused before those that the model refused. Sort them
    // by offset.
    this.#refused.sort((left, right) => left.row.offset - right.row.offset);
    for (const refused of this.#refused) this.#writeDeadLetter(refused);
    this.#refused = [];
  }

  /** All of its records were read, and all of its rows written. */
  finish(): void {
    this.endChunk();
    const results = this.#workspace.results.flush();
    this.#outcome = {
      ...NO_OUTCOME,
      ...this.#counts,
      outputs: [
        ...results,
        ...this.#workspace.deadLetters.flush(),
        ...this.#workspace.routes.flatMap((route) => route.flush()),
        ...(this.#workspace.shadows?.flush() ?? []),
      ],
      resultBatches: results.length,
      refusal: this.#refusal,
      deadLetterCodes: this.#codes,
      deadLetterOffsets: this.#offsets,
      windows: this.#parts.states?.countsSince(this.#windowsBefore) ?? NO_WINDOWS,
      timestamps: this.#timestamps.runs(),
    };
  }

  /** After `finish`. */
  outcome(times: Times, startedAtMs: number): Outcome {
    const traced = this.#trace?.taken(this.part, this.#counts, { ...times, startedAtMs }) ?? NOT_TRACED;
    return { ...this.#outcome, ...times, traced };
  }

  #writeDeadLetter({ row, rejection }: Refused): void {
    const { code } = rejection;
    this.#refusal ??= `${code}: ${rejection.message}`;
    this.#codes[code] = (this.#codes[code] ?? 0) + 1;
    this.#offsets[code] = row.offset;
    const { topic, partition, incarnation } = this.part;
    const { model, setup } = this.#parts;
    const context = { topic, partition, incarnation, model: model.name, version: model.version };
    appendDeadLetter(this.#workspace.deadLetters, row, rejection, context, setup.deadLetterDialects);
    this.#trace?.deadLetter(row, code);
    this.#counts.deadLetters++;
  }
}
