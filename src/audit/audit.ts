// Reads input, results and dead letters, and holds every input record against its answers.

import type { Fetched } from '../log/ports.ts';
import { readRange } from '../log/read-range.ts';
import { openRecordBatch } from '../log/record-batch-reader.ts';
import { type AnswerTopics, eachAnswer, type Topic, type Unsure } from './answers.ts';
import { Coverage, type PartitionReport } from './coverage.ts';

export interface AuditPlan extends AnswerTopics {
  readonly input: Topic;
  /** What the group had committed before the ends of the outputs were asked for, by partition. */
  readonly committed: readonly number[];
}

export interface AuditReport {
  readonly partitions: readonly PartitionReport[];
  readonly unsure: Unsure;
}

export async function audit(plan: AuditPlan): Promise<AuditReport> {
  const { input, committed, inflatedBytesMax } = plan;
  const coverages = input.ranges.map(
    ({ from, until }, partition) => new Coverage(partition, from, until, committed[partition] ?? 0),
  );
  await readRange(input.open(), input.ranges, (fetched) => {
    const coverage = coverages[fetched.partition];
    if (coverage !== undefined) countInput(coverage, fetched, inflatedBytesMax);
  });
  let unsure: Unsure = { trusted: 0, others: 0 };
  for (const [kind, { ranges }] of [
    ['result', plan.results],
    ['deadLetter', plan.deadLetters],
  ] as const) {
    const found = await eachAnswer(plan, kind, ranges, ({ partition, offset, outputPartition }) => {
      coverages[partition]?.answer(kind, offset, outputPartition);
    });
    unsure = { trusted: unsure.trusted + found.trusted, others: unsure.others + found.others };
  }
  return { partitions: coverages.map((coverage) => coverage.report()), unsure };
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
