// The headers that name a result's source record: topic, topic id, partition and offset, as UTF-8.
// They make results idempotent: a consumer that has seen these coordinates may drop a repetition.
// The id tells apart topics that had the same name one after the other.

import { viewOf } from '../base/int64.ts';
import { sizeOfVarint, writeVarint } from '../base/varint.ts';
import { encodeHeaders } from '../log/record-batch-writer.ts';

export const SOURCE_TOPIC = '__scorelane.source.topic';
export const SOURCE_TOPIC_ID = '__scorelane.source.topic.id';
export const SOURCE_PARTITION = '__scorelane.source.partition';
export const SOURCE_OFFSET = '__scorelane.source.offset';

const DIGITS_MAX = 16;
const ZERO = 48;

/** An encoded block of headers: `bytes[0 .. end)`, and the view of the same bytes. */
export interface HeadersBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
}

/**
 * Encodes the headers blocks of records, one after the other, into one buffer. Only the digits of
 * the offset change.
 */
export class SourceHeaders implements HeadersBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  end = 0;
  /** From here on the block holds the offset, with its length; before it, nothing changes. */
  readonly offsetAt: number;

  /**
   * `incarnation` is the one with which the partition was assigned, if the log knows it. `more` are
   * headers that all results have.
   */
  constructor(
    topic: string,
    partition: number,
    incarnation?: string,
    more: Readonly<Record<string, string>> = {},
  ) {
    const empty = encodeHeaders([
      ...Object.entries(more).map(([key, value]) => ({ key, value: Buffer.from(value) })),
      { key: SOURCE_TOPIC, value: Buffer.from(topic) },
      ...(incarnation === undefined ? [] : [{ key: SOURCE_TOPIC_ID, value: Buffer.from(incarnation) }]),
      { key: SOURCE_PARTITION, value: Buffer.from(String(partition)) },
      { key: SOURCE_OFFSET, value: new Uint8Array(0) },
    ]);
    this.offsetAt = empty.byteLength - sizeOfVarint(0);
    this.bytes = new Uint8Array(this.offsetAt + sizeOfVarint(DIGITS_MAX) + DIGITS_MAX);
    this.bytes.set(empty.subarray(0, this.offsetAt));
    this.view = viewOf(this.bytes);
  }

  set(offset: number): void {
    let digits = 1;
    for (let rest = offset; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    const start = writeVarint(this.bytes, this.offsetAt, digits);
    this.end = start + digits;
    let rest = offset;
    for (let byteAt = this.end - 1; byteAt >= start; byteAt--) {
      this.bytes[byteAt] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}
