// The traces of one part of a task: continues those of its records in the headers of their
// results, and tells the main thread what to make spans of.

import {
  formatTraceparent,
  SAMPLED,
  TRACEPARENT,
  TRACESTATE,
  TraceHeaders,
} from '../../answers/trace-context.ts';
import { viewOf } from '../../base/int64.ts';
import { readVarint, type VarintCursor, writeVarint } from '../../base/varint.ts';
import type { RecordView } from '../../log/record-batch-reader.ts';
import type { RecordCounts } from '../../scoring/record-counts.ts';
import { NOT_TRACED, type TracedMicroBatch, type TracedRecord } from '../../scoring/traced.ts';
import type { ScorePart } from '../../worker-protocol/messages.ts';
import { newId, type TraceSampler } from './trace-sampler.ts';

/** An encoded block of headers: `bytes[0 .. end)`, and the view of the same bytes. */
export interface HeadersBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
}

type Times = Pick<TracedMicroBatch, 'startedAtMs' | 'decodeMs' | 'predictMs' | 'encodeMs'>;

/** Micro-batches link to no more records than this. */
const RECORDS_MAX = 32;
const INITIAL_BYTES = 1024;
/** The lengths of a key and of a value. */
const LENGTHS_BYTES_MAX = 10;

const keyBytes = (key: string): Uint8Array => Buffer.from(key);
const [PARENT, STATE] = [keyBytes(TRACEPARENT), keyBytes(TRACESTATE)];

export class PartTrace implements HeadersBlock {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  view: DataView = viewOf(this.bytes);
  end = 0;
  readonly #sampler: TraceSampler;
  readonly #found = new TraceHeaders();
  readonly #records: TracedRecord[] = [];

  constructor(sampler: TraceSampler) {
    this.#sampler = sampler;
  }

  /**
   * The headers of the result of a record: these, and those of the record's trace. Good until the
   * next call.
   */
  headersOf(record: RecordView, others: HeadersBlock): HeadersBlock {
    const found = this.#found;
    if (!found.find(record)) return others;
    const traced = this.#traced(record.offset, null);
    const stateBytes = found.stateStart < 0 ? 0 : found.stateEnd - found.stateStart;
    const parent =
      traced === null
        ? found.bytes.subarray(found.parentStart, found.parentEnd)
        : Buffer.from(formatTraceparent(traced));
    this.#reserve(
      others.end +
        PARENT.byteLength +
        parent.byteLength +
        STATE.byteLength +
        stateBytes +
        3 * LENGTHS_BYTES_MAX,
    );
    const cursor: VarintCursor = { bytes: others.bytes, byteAt: 0, end: others.end };
    const count = readVarint(cursor) + (stateBytes > 0 ? 2 : 1);
    let byteAt = writeVarint(this.bytes, 0, count);
    this.bytes.set(others.bytes.subarray(cursor.byteAt, others.end), byteAt);
    byteAt += others.end - cursor.byteAt;
    byteAt = this.#add(PARENT, parent, byteAt);
    if (stateBytes > 0)
      byteAt = this.#add(STATE, found.bytes.subarray(found.stateStart, found.stateEnd), byteAt);
    this.end = byteAt;
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

  #add(key: Uint8Array, value: Uint8Array, start: number): number {
    let byteAt = writeVarint(this.bytes, start, key.byteLength);
    this.bytes.set(key, byteAt);
    byteAt = writeVarint(this.bytes, byteAt + key.byteLength, value.byteLength);
    this.bytes.set(value, byteAt);
    return byteAt + value.byteLength;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.bytes.byteLength) return;
    this.bytes = new Uint8Array(2 * bytes);
    this.view = viewOf(this.bytes);
  }
}
