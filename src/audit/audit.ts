// Reads input, results and dead letters, and holds every input record against its answers.

import type { Fetched, Source } from '../log/ports.ts';
import { type OffsetRange, readRange } from '../log/read-range.ts';
import { openRecordBatch, parseHeaders, type RecordView } from '../log/record-batch-reader.ts';
import { ERROR_OFFSET, ERROR_PARTITION, ERROR_TOPIC } from '../scoring/dead-letter.ts';
import { SOURCE_OFFSET, SOURCE_PARTITION, SOURCE_TOPIC } from '../scoring/source-headers.ts';
import { Coverage, type PartitionReport } from './coverage.ts';

export interface Topic {
  /** One source for each reading. */
  readonly open: () => Source;
  readonly ranges: readonly OffsetRange[];
}

export interface AuditPlan {
  readonly inputTopic: string;
  readonly input: Topic;
  /** What the group had committed before the ends of the outputs were asked for, by partition. */
  readonly committed: readonly number[];
  readonly results: Topic;
  readonly deadLetters: Topic;
  readonly inflatedBytesMax: number;
}

const RESULT = { topic: SOURCE_TOPIC, partition: SOURCE_PARTITION, offset: SOURCE_OFFSET };
const DEAD = { topic: ERROR_TOPIC, partition: ERROR_PARTITION, offset: ERROR_OFFSET };

export async function audit(plan: AuditPlan): Promise<PartitionReport[]> {
  const { input, committed, inflatedBytesMax } = plan;
  const coverages = input.ranges.map(
    ({ from, until }, partition) => new Coverage(partition, from, until, committed[partition] ?? 0),
  );
  await readRange(input.open(), input.ranges, (fetched) => {
    const coverage = coverages[fetched.partition];
    if (coverage !== undefined) countInput(coverage, fetched, inflatedBytesMax);
  });
  for (const [topic, kind, names] of [
    [plan.results, 'result', RESULT],
    [plan.deadLetters, 'deadLetter', DEAD],
  ] as const) {
    await readRange(topic.open(), topic.ranges, ({ partition, batches }) => {
      for (const batch of batches) {
        if (batch.skip) continue;
        const records = openRecordBatch(batch, inflatedBytesMax);
        while (records.next()) {
          const found = coordinates(records, names);
          if (found.topic !== plan.inputTopic) continue;
          coverages[found.partition]?.answer(kind, found.offset, partition);
        }
      }
    });
  }
  return coverages.map((coverage) => coverage.report());
}

function countInput(coverage: Coverage, { batches }: Fetched, inflatedBytesMax: number): void {
  for (const batch of batches) {
    if (batch.skip) continue;
    const { baseOffset, lastOffset, recordCount } = batch.header;
    if (recordCount === lastOffset - baseOffset + 1) {
      for (let offset: number = baseOffset; offset <= lastOffset; offset++) coverage.input(offset);
      continue;
    }
    // Compaction has left gaps: only the records themselves say which are there.
    const records = openRecordBatch(batch, inflatedBytesMax);
    while (records.next()) coverage.input(records.offset);
  }
}

interface Coordinates {
  topic: string;
  partition: number;
  offset: number;
}

/** The last header of each name counts: those that the record had before stand first. */
function coordinates(record: RecordView, names: Readonly<Record<keyof Coordinates, string>>): Coordinates {
  const found = { topic: '', partition: -1, offset: -1 };
  for (const { key, value } of parseHeaders(record)) {
    const text = value === null ? '' : Buffer.from(value).toString();
    if (key === names.topic) found.topic = text;
    else if (key === names.partition) found.partition = Number(text);
    else if (key === names.offset) found.offset = Number(text);
  }
  return found;
}
