// `scorelane audit`: holds input, results and dead letters against each other, while the daemon works or afterwards.

import type { Admin } from 'kafkajs';
import { type AuditPlan, audit, type Topic } from '../audit/audit.ts';
import type { PartitionReport } from '../audit/coverage.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createKafka } from '../kafka/client.ts';
import { KafkaSource } from '../kafka/source.ts';
import type { OffsetRange } from '../log/read-range.ts';
import { createLogger } from '../telemetry/log.ts';
import { EXIT, UnavailableError } from './exit-codes.ts';

export interface AuditOptions {
  /** Record timestamps, in milliseconds: the input from the first record at or after one to the first at or after the other. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly json: boolean;
}

export async function auditCommand({ config }: LoadedConfig, options: AuditOptions): Promise<number> {
  if (config.log !== 'kafka') {
    throw new UnavailableError('audit needs log: kafka; the embedded log lives inside of the daemon only');
  }
  const logger = createLogger(config.telemetry.logLevel);
  const kafka = createKafka(config.kafka, (level, message, details) => logger[level](details, message));
  const admin = kafka.admin();
  try {
    await admin.connect();
  } catch (error) {
    const where = config.kafka['bootstrap.servers'];
    throw new UnavailableError(`no broker at ${where}: ${(error as Error).message}`, { cause: error });
  }
  const groups: string[] = [];
  try {
    const plan = await planOf(config, admin, options, (topic) => {
      const group = `${config.kafka['group.id']}-audit-${process.pid}-${groups.length}`;
      groups.push(group);
      const settings = { ...config.kafka, 'group.id': group, 'auto.offset.reset': 'earliest' as const };
      return new KafkaSource(kafka, { topic, settings, onOutOfRange: 'continue' });
    });
    const reports = await audit(plan);
    if (options.json) process.stdout.write(`${JSON.stringify({ partitions: reports }, null, 2)}\n`);
    else for (const line of print(reports)) process.stdout.write(`${line}\n`);
    return reports.some(({ missing }) => missing > 0) ? EXIT.missing : EXIT.ok;
  } finally {
    const { groups: there } = await admin.listGroups();
    const own = there.map(({ groupId }) => groupId).filter((group) => groups.includes(group));
    if (own.length > 0) await admin.deleteGroups(own);
    await admin.disconnect();
  }
}

/** What is committed is asked for first: every answer to it stands in the outputs before their ends are. */
async function planOf(
  config: Config,
  admin: Admin,
  options: AuditOptions,
  open: (topic: string) => KafkaSource,
): Promise<AuditPlan> {
  const { input, output, deadLetters, limits } = config;
  const topics = [input.topic];
  const [group] = await admin.fetchOffsets({ groupId: config.kafka['group.id'], topics });
  const ranges = await rangesOf(admin, input.topic, options);
  const committed = ranges.map(() => 0);
  for (const { partition, offset } of group?.partitions ?? []) {
    committed[partition] = Math.max(0, Number(offset));
  }
  const whole = async (topic: string): Promise<Topic> => ({
    open: () => open(topic),
    ranges: await rangesOf(admin, topic, {}),
  });
  return {
    inputTopic: input.topic,
    input: { open: () => open(input.topic), ranges },
    committed,
    results: await whole(output.topic),
    deadLetters: await whole(deadLetters.topic),
    inflatedBytesMax: limits.inflatedBytes,
  };
}

async function rangesOf(
  admin: Admin,
  topic: string,
  { fromMs, toMs }: Pick<AuditOptions, 'fromMs' | 'toMs'>,
): Promise<OffsetRange[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const at = async (ms: number | undefined): Promise<Map<number, number>> => {
    const found = ms === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, ms);
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
  };
  const [from, until] = [await at(fromMs), await at(toMs)];
  return ends
    .toSorted((left, right) => left.partition - right.partition)
    .map(({ partition, low, high }) => ({
      from: Math.max(Number(low), from.get(partition) ?? 0),
      until: Math.min(Number(high), until.get(partition) ?? Number(high)),
    }));
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
