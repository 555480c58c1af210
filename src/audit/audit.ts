// Reads input, results and dead letters, and looks for the answers of each input record.

import type { Fetched } from '../log/ports.ts';
import { readRange } from '../log/read-range.ts';
import { openRecordBatch, type RecordView } from '../log/record-batch-reader.ts';
import { type AnswerTopics, eachAnswer, type Topic, type Unsure } from './answers.ts';
import { Coverage, type PartitionReport } from './coverage.ts';
import { type AuditedRoute, RouteCoverage, type RouteReport } from './routed.ts';

export interface AuditPlan extends AnswerTopics {
  readonly input: Topic;
  /** The committed offset of each partition, read before the ends of the outputs. */
  readonly committed: readonly number[];
  /** Tells which records need no answer; null where all need one. */
  readonly selection: Selects | null;
  readonly routes: readonly AuditedRoute[];
}

export interface Selects {
  /** Undefined where something must be learnt first. */
  skips(record: RecordView): boolean | undefined;
  /** Resolves to false where there was nothing to learn. */
  learn(): Promise<boolean>;
}

export interface AuditReport {
  readonly partitions: readonly PartitionReport[];
  readonly unsure: Unsure;
  readonly routes: readonly RouteReport[];
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
  const routes = plan.routes.map((route) => new RouteCoverage(route, input.ranges, committed));
  let unsure: Unsure = { trusted: 0, others: 0 };
  for (const [kind, { ranges }] of [
    ['result', plan.results],
    ['deadLetter', plan.deadLetters],
  ] as const) {
    const found = await eachAnswer(plan, kind, ranges, ({ partition, offset, outputPartition }, record) => {
      coverages[partition]?.answer(kind, offset, outputPartition);
      if (kind === 'result') for (const route of routes) route.result(partition, offset, record);
    });
    unsure = { trusted: unsure.trusted + found.trusted, others: unsure.others + found.others };
  }
  for (const each of routes)
    await eachAnswer(
      plan,
      'result',
      each.route.ranges,
      ({ partition, offset }) => each.routed(partition, offset),
      each.route,
    );
  if (plan.selection !== null) await findSkipped(plan, coverages, plan.selection);
  return {
    partitions: coverages.map((coverage) => coverage.report()),
    unsure,
    routes: routes.map((route) => route.report()),
  };
}

/**
 * Looks at the records without an answer, and looks again after each time that something was
 * learnt.
 */
async function findSkipped(
  plan: AuditPlan,
  coverages: readonly Coverage[],
  selection: Selects,
): Promise<void> {
  do {
    const ranges = coverages.map((coverage) => coverage.open);
    await readRange(plan.input.open(), ranges, ({ partition, batches }) => {
      const coverage = coverages[partition];
      for (const batch of coverage === undefined ? [] : batches) {
        const { baseOffset, lastOffset } = batch.header;
        if (batch.skip || !coverage?.hasOpen(baseOffset, lastOffset + 1)) continue;
        const records = openRecordBatch(batch, plan.inflatedBytesMax);
        while (records.next())
          if (coverage.isOpen(records.offset) && selection.skips(records) === true)
            coverage.skip(records.offset);
      }
    });
  } while (await selection.learn());
}

function countInput(coverage: Coverage, { batches }: Fetched, inflatedBytesMax: number): void {
  for (const batch of batches) {
    if (batch.skip) continue;
    const { baseOffset, lastOffset, recordCount } = batch.header;
    if (recordCount === lastOffset - baseOffset + 1) {
      for (let offset: number = baseOffset; offset <= lastOffset; offset++) coverage.input(offset);
      continue;
    }
    // Compaction may have left gaps: only the records themselves tell which offsets exist.
    const records = openRecordBatch(batch, inflatedBytesMax);
    while (records.next()) coverage.input(records.offset);
  }
}
