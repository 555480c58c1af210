// The traces of one part of a task: continues those of its records in the headers of their
// results, and tells the main thread what to make spans of.

import type { HeadersBlock, SourceHeaders } from '../../answers/source-headers.ts';
import {
  formatTraceparent,
  SAMPLED,
  TRACEPARENT,
  TRACEPARENT_BYTES,
  TRACESTATE,
  TraceHeaders,
} from '../../answers/trace-context.ts';
import { copyBytes, copyWords } from '../../base/copy.ts';
import { viewOf } from '../../base/int64.ts';
import { readVarint, type VarintCursor, writeVarint } from '../../base/varint.ts';
import type { RecordView } from '../../log/record-batch-reader.ts';
import type { RecordCounts } from '../../scoring/record-counts.ts';
import { NOT_TRACED, type TracedMicroBatch, type TracedRecord } from '../../scoring/traced.ts';
import type { ScorePart } from '../../worker-protocol/messages.ts';
import { newId, type TraceSampler } from './trace-sampler.ts';

type Times = Pick<TracedMicroBatch, 'startedAtMs' | 'decodeMs' | 'predictMs' | 'encodeMs'>;

/** Micro-batches link to no more records than this. */
const RECORDS_MAX = 32;
const PARENT = Buffer.from(TRACEPARENT);
const STATE = Buffer.from(TRACESTATE);
/** The lengths of a key and of a value. */
const LENGTHS_BYTES_MAX = 10;

export class PartTrace implements HeadersBlock {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = viewOf(this.bytes);
  end = 0;
  readonly #sampler: TraceSampler;
  readonly #source: SourceHeaders;
  readonly #found = new TraceHeaders();
  readonly #records: TracedRecord[] = [];
  /** Headers besides those of the trace. */
  #others = 0;
  /** The value of `traceparent` stands here, and the others behind it. */
  #parentAt = 0;
  /** The offset, which differs from record to record, stands here. */
  #offsetAt = 0;

  /** `source`: the headers of each result, whose trace is put before and behind them. */
  constructor(sampler: TraceSampler, source: SourceHeaders) {
    this.#sampler = sampler;
    this.#source = source;
  }

  /** The headers of the result of a record, after those of its source were set. */
  headersOf(record: RecordView): HeadersBlock {
    const found = this.#found;
    // Without headers there is a count of zero, in one byte.
    if (record.headersEnd - record.headersStart <= 1 || !found.find(record)) return this.#source;
    if (this.#parentAt === 0) this.#begin();
    const traced = this.#traced(record.offset, null);
    if (traced === null && found.parentEnd - found.parentStart === TRACEPARENT_BYTES)
      copyWords(found.view, found.parentStart, found.parentEnd, this.view, this.#parentAt);
    // Of a later version only what is known can be handed on.
    else this.bytes.set(Buffer.from(formatTraceparent(traced ?? found.context)), this.#parentAt);
    const { bytes, offsetAt, end } = this.#source;
    this.end = copyBytes(bytes, offsetAt, end, this.bytes, this.#offsetAt);
    const hasState = found.stateEnd > found.stateStart;
    writeVarint(this.bytes, 0, this.#others + (hasState ? 2 : 1));
    if (hasState) this.#addState();
    return this;
  }

  /** A record that becomes a dead letter. That has the record's own headers, untouched. */
  deadLetter(record: RecordView, code: string): void {
    if (this.#found.find(record)) this.#traced(record.offset, code);
  }

  /** What there is to make spans of; nothing, mostly. */
  taken({ first, until }: ScorePart, counts: RecordCounts, times: Times): readonly TracedMicroBatch[] {
    const { scored: results, deadLetters, skipped } = counts;
    const isEmpty = results + deadLetters + skipped === 0;
    if (this.#records.length === 0 && (isEmpty || !this.#sampler.takesMicroBatch())) return NOT_TRACED;
    const ids = { traceId: newId(16), spanId: newId(8) };
    return [{ ...ids, first, until, results, deadLetters, skipped, ...times, records: this.#records }];
  }

  /** The context of the answer, if that gets a span. */
  #traced(offset: number, code: string | null): TracedRecord | null {
    const found = this.#found;
    if ((found.flags & SAMPLED) === 0 || this.#records.length >= RECORDS_MAX) return null;
    if (!this.#sampler.takesRecord()) return null;
    const { traceId, spanId: parentId, flags } = found.context;
    const traced = { offset, traceId, parentId, flags, state: found.state, spanId: newId(8), code };
    this.#records.push(traced);
    return traced;
  }

  /** What is the same for all records: a count, `traceparent`, then the headers of the source. */
  #begin(): void {
    const { bytes: source, offsetAt } = this.#source;
    const cursor: VarintCursor = { bytes: source, byteAt: 0, end: offsetAt };
    this.#others = readVarint(cursor);
    this.#reserve(source.byteLength + PARENT.byteLength + TRACEPARENT_BYTES + LENGTHS_BYTES_MAX);
    // A record has few headers of ours: their count is one byte.
    let byteAt = writeVarint(this.bytes, 0, this.#others);
    byteAt = writeVarint(this.bytes, byteAt, PARENT.byteLength);
    byteAt = copyBytes(PARENT, 0, PARENT.byteLength, this.bytes, byteAt);
    this.#parentAt = writeVarint(this.bytes, byteAt, TRACEPARENT_BYTES);
    byteAt = this.#parentAt + TRACEPARENT_BYTES;
    this.#offsetAt = copyBytes(source, cursor.byteAt, offsetAt, this.bytes, byteAt);
  }

  #addState(): void {
    const { bytes, stateStart, stateEnd } = this.#found;
    const length = stateEnd - stateStart;
    this.#reserve(this.end + STATE.byteLength + length + LENGTHS_BYTES_MAX);
    let byteAt = writeVarint(this.bytes, this.end, STATE.byteLength);
    byteAt = copyBytes(STATE, 0, STATE.byteLength, this.bytes, byteAt);
    byteAt = writeVarint(this.bytes, byteAt, length);
    this.end = copyBytes(bytes, stateStart, stateEnd, this.bytes, byteAt);
  }

  /** Keeps what was written. */
  #reserve(bytes: number): void {
    if (bytes <= this.bytes.byteLength) return;
    const outgrown = this.bytes;
    this.bytes = new Uint8Array(2 * bytes);
    this.bytes.set(outgrown);
    this.view = viewOf(this.bytes);
  }
}
