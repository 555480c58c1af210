// A dead letter: the original record untouched, and headers that say what was wrong with it, in the
// style of Kafka Connect (KIP-298).

import { type Int64, int64Of } from '../base/int64.ts';
import type { Rejection } from '../features/rejection.ts';
import {
  countHeaders,
  parseHeaders,
  type RecordHeader,
  type RecordView,
} from '../log/record-batch-reader.ts';
import { encodeHeaders } from '../log/record-batch-writer.ts';

const PREFIX = '__scorelane.errors.';
export const ERROR_TOPIC = `${PREFIX}topic`;
export const ERROR_TOPIC_ID = `${PREFIX}topic.id`;
export const ERROR_PARTITION = `${PREFIX}partition`;
export const ERROR_OFFSET = `${PREFIX}offset`;
/** Holds the record's own timestamp, if the dead-letter topic replaces timestamps. */
export const ERROR_TIMESTAMP = `${PREFIX}timestamp`;
const ERROR_HEADERS = `${PREFIX}headers`;

export interface DeadLetterContext {
  readonly topic: string;
  /** Tells apart topics that had the same name one after the other, if the log knows it. */
  readonly incarnation?: string | undefined;
  readonly partition: number;
  readonly model: string;
  readonly version: string;
}

/** Dialects: headers of other systems besides ours, for tools that know those. */
export const DIALECTS = ['connect', 'spring'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** The reason of a dead letter, as its headers say it. */
export interface Reason extends DeadLetterContext {
  readonly offset: number;
  readonly stage: string;
  readonly code: string;
  readonly message: string;
}

/**
 * The headers block of a dead letter: the record's own headers, byte for byte, then the reason. If
 * the record's own block does not parse, one header carries all of it.
 */
export function deadLetterHeaders(
  record: RecordView,
  rejection: Rejection,
  { topic, partition, model, version, incarnation }: DeadLetterContext,
  dialects: readonly Dialect[] = [],
): Uint8Array {
  const { stage, code, message } = rejection;
  const reason: Reason = { topic, partition, offset: record.offset, stage, code, message, model, version };
  const isWhole = countHeaders(record) >= 0;
  const { bytes, headersStart, headersEnd } = record;
  const block = bytes.subarray(headersStart, headersEnd);
  const added = [
    ...(isWhole ? [] : [{ key: ERROR_HEADERS, value: block }]),
    ...utf8(Object.entries(reason).map(([key, value]) => [PREFIX + key, value])),
    ...(incarnation === undefined ? [] : utf8([[ERROR_TOPIC_ID, incarnation]])),
    ...dialects.flatMap((dialect) => HEADERS_OF[dialect](reason, record.timestamp)),
  ];
  return encodeHeaders(added, isWhole ? block : undefined);
}

export interface DeadLetter {
  /** The record's own headers, if they parse, and their block as it was in the record. */
  readonly own: readonly RecordHeader[];
  readonly block: Uint8Array;
  readonly reason: Reason;
  /** The record's own timestamp. */
  readonly timestamp: Int64;
}

/** Null if the record is no dead letter of ours. */
export function parseDeadLetter(record: RecordView): DeadLetter | null {
  const found: Record<string, string> = {};
  const own: RecordHeader[] = [];
  let broken: Uint8Array | null = null;
  for (const header of parseHeaders(record)) {
    if (header.key === ERROR_HEADERS) broken = header.value;
    else if (header.key.startsWith(PREFIX)) {
      found[header.key.slice(PREFIX.length)] = Buffer.from(header.value ?? []).toString();
    } else if (!ADDED.some((prefix) => header.key.startsWith(prefix))) own.push(header);
  }
  const { topic, partition, offset, stage = '', code = '', message = '', model = '', version = '' } = found;
  if (topic === undefined || partition === undefined || offset === undefined) return null;
  const place = { topic, partition: Number(partition), offset: Number(offset) };
  const reason = { ...place, stage, code, message, model, version };
  const { timestamp: dated } = found;
  const timestamp = dated === undefined ? record.timestamp : int64Of(BigInt(dated));
  return { own, block: broken ?? encodeHeaders(own), reason, timestamp };
}

const CONNECT = '__connect.errors.';
const SPRING = 'kafka_dlt-';
const ADDED = [CONNECT, SPRING];

const utf8 = (entries: readonly (readonly [string, string | number])[]): RecordHeader[] =>
  entries.map(([key, value]) => ({ key, value: Buffer.from(String(value)) }));

const HEADERS_OF: Readonly<Record<Dialect, (reason: Reason, timestamp: Int64) => RecordHeader[]>> = {
  /**
   * KIP-298: all values are text. The stage is what Connect calls a stage, and the code takes the
   * place of the exception.
   */
  connect: ({ topic, partition, offset, stage, code, message, model }) =>
    utf8([
      [`${CONNECT}topic`, topic],
      [`${CONNECT}partition`, partition],
      [`${CONNECT}offset`, offset],
      [`${CONNECT}connector.name`, `scorelane-${model}`],
      [`${CONNECT}task.id`, partition],
      [`${CONNECT}stage`, stage.toUpperCase()],
      [`${CONNECT}class.name`, 'scorelane'],
      [`${CONNECT}exception.class.name`, code],
      [`${CONNECT}exception.message`, message],
    ]),
  /**
   * Spring for Apache Kafka, DeadLetterPublishingRecoverer: numbers are big-endian. The partition
   * has 4 bytes, the others 8.
   */
  spring({ topic, partition, offset, code, message }, timestamp) {
    const int = Buffer.alloc(4);
    int.writeInt32BE(partition);
    const long = (value: Int64): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt(value));
      return bytes;
    };
    return [
      ...utf8([
        [`${SPRING}original-topic`, topic],
        [`${SPRING}exception-fqcn`, code],
        [`${SPRING}exception-message`, message],
      ]),
      { key: `${SPRING}original-partition`, value: int },
      { key: `${SPRING}original-offset`, value: long(offset) },
      { key: `${SPRING}original-timestamp`, value: long(timestamp) },
    ];
  },
};
