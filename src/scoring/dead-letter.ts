// A dead letter: the original record untouched, and headers that say what was wrong with it, in the manner of Kafka
// Connect (KIP-298).

import type { Rejection } from '../features/rejection.ts';
import { parseHeaders, type RecordView } from '../log/record-batch-reader.ts';
import { encodeHeaders } from '../log/record-batch-writer.ts';

const PREFIX = '__scorelane.errors.';
export const ERROR_TOPIC = `${PREFIX}topic`;
export const ERROR_PARTITION = `${PREFIX}partition`;
export const ERROR_OFFSET = `${PREFIX}offset`;

export interface DeadLetterContext {
  readonly topic: string;
  readonly partition: number;
  readonly model: string;
  readonly version: string;
}

/** The headers block of a dead letter for a record: the record's own headers, then the reason. */
export function deadLetterHeaders(
  record: RecordView,
  { stage, code, message }: Rejection,
  { topic, partition, model, version }: DeadLetterContext,
): Uint8Array {
  const reason: Record<string, string | number> = {
    topic,
    partition,
    offset: record.offset,
    stage,
    code,
    message,
    model,
    version,
  };
  return encodeHeaders([
    ...parseHeaders(record),
    ...Object.entries(reason).map(([key, value]) => ({
      key: PREFIX + key,
      value: Buffer.from(String(value)),
    })),
  ]);
}
