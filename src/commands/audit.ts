// `scorelane audit`: holds input, results and dead letters against each other, while the daemon works or afterwards.

import { type AuditPlan, audit } from '../audit/audit.ts';
import type { PartitionReport } from '../audit/coverage.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createLogger } from '../telemetry/log.ts';
import { EXIT } from './exit-codes.ts';
import { Topics } from './topics.ts';
import { impatient } from './wiring.ts';

export interface AuditOptions {
  /** Record timestamps, in milliseconds: the input from the first record at or after one to the first at or after the other. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly json: boolean;
}

export async function auditCommand({ config }: LoadedConfig, options: AuditOptions): Promise<number> {
  const logger = createLogger(config.telemetry.logLevel);
  const topics = await Topics.connect(config, impatient(config, logger), 'audit');
  try {
    const reports = await audit(await planOf(config, topics, options));
    if (options.json) process.stdout.write(`${JSON.stringify({ partitions: reports }, null, 2)}\n`);
    else for (const line of print(reports)) process.stdout.write(`${line}\n`);
    return reports.some(({ missing }) => missing > 0) ? EXIT.missing : EXIT.ok;
  } finally {
    await topics.close();
  }
}

/** What is committed is asked for first: every answer to it stands in the outputs before their ends are. */
async function planOf(
  { input, kafka }: Config,
  topics: Topics,
  { fromMs, toMs }: AuditOptions,
): Promise<AuditPlan> {
  const ranges = await topics.ranges(input.topic, fromMs, toMs);
  const committed = await topics.committed(kafka['group.id'], input.topic, ranges.length);
  return {
    input: { open: () => topics.open(input.topic), ranges },
    committed,
    ...(await topics.answers()),
  };
}

const COLUMNS = ['inputs', 'scoredOnce', 'repeated', 'dead', 'missing', 'outOfOrder', 'pending'] as const;
const HEADS = [
  'partition',
  'inputs',
  'scored once',
  'repeated',
  'dead',
  'missing',
  'out of order',
  'pending',
];

function print(reports: readonly PartitionReport[]): string[] {
  const total = COLUMNS.map((column) => reports.reduce((sum, report) => sum + report[column], 0));
  const rows = [
    HEADS,
    ...reports.map((report) => [report.partition, ...COLUMNS.map((column) => report[column])]),
    ['all', ...total],
  ].map((row) => row.map(String));
  const lines = rows.map((row) =>
    row.map((cell, column) => cell.padStart((HEADS[column] as string).length + 2)).join(''),
  );
  for (const { partition, missing, missingOffsets } of reports) {
    if (missing === 0) continue;
    const ranges = missingOffsets.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
    lines.push(`missing of partition ${partition}, at offsets: ${ranges.join(', ')}`);
  }
  return lines;
}
