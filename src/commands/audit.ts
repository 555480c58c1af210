// `scorelane audit`: compares input, results and dead letters, while the daemon works or
// afterwards.

import { holds, parseCondition } from '../answers/condition.ts';
import { type AuditPlan, type AuditReport, audit } from '../audit/audit.ts';
import type { PartitionReport } from '../audit/coverage.ts';
import { EXIT } from '../base/errors.ts';
import { codecs } from '../codec/codecs.ts';
import { SettingError } from '../config/load.ts';
import type { LoadedJob } from '../config/loaded.ts';
import type { Config } from '../config/schema.ts';
import { outputTopics } from '../daemon/open-log.ts';
import type { Topics } from '../daemon/topics.ts';
import { readingSetup } from '../daemon/worker-setup.ts';
import type { RecordView } from '../log/record-batch-reader.ts';
import { Selection } from '../reading/selection.ts';
import { type JobFlags, loadJob, type Register, timeArgument, withJob } from './options.ts';
import { note, say } from './say.ts';
import { withTopics } from './with-topics.ts';

export interface AuditOptions {
  /**
   * Bounds of the input, as record timestamps in milliseconds: from the first record at or after
   * `fromMs` to the first record at or after `toMs`.
   */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly json: boolean;
}

export function auditCommand({ config }: LoadedJob, options: AuditOptions): Promise<number> {
  return withTopics(
    config,
    'audit',
    async (topics) => {
      const report = await audit(await planOf(config, topics, options));
      const { partitions } = report;
      if (options.json) say(JSON.stringify(report, null, 2));
      else
        for (const line of [...print(partitions), ...routesInWords(report, config), ...doubts(report)])
          say(line);
      if (partitions.every(({ inputs }) => inputs === 0))
        note(`audit looked at nothing: ${config.input.topic} has no records ${inRange(options)}`);
      const isMissing = [...partitions, ...report.routes].some(({ missing }) => (missing ?? 0) > 0);
      return isMissing ? EXIT.missing : EXIT.ok;
    },
    [config.input.topic, ...outputTopics(config)],
  );
}

const dateOf = (ms: number): string => new Date(ms).toISOString();

function inRange({ fromMs, toMs }: AuditOptions): string {
  const [from, to] = [fromMs, toMs].map((ms) => (ms === undefined ? null : dateOf(ms)));
  const bounds = [...(from === null ? [] : [`from ${from}`]), ...(to === null ? [] : [`up to ${to}`])];
  return bounds.length === 0 ? 'that its group has to answer' : bounds.join(' ');
}

/**
 * The committed offsets are asked for first. So the outputs, whose ends are asked for later, hold
 * every answer below them.
 */
async function planOf(config: Config, topics: Topics, { fromMs, toMs }: AuditOptions): Promise<AuditPlan> {
  const { input } = config;
  const selection = new Selection(readingSetup(config));
  const ranges = await topics.ranges(input.topic, fromMs, toMs);
  const offsets = await topics.groupOffsets(ranges.length);
  const { committed, begun } = offsets;
  const wanted = ranges.map(({ from, until }, partition) => ({
    from: Math.max(from, begun[partition] ?? 0),
    until,
  }));
  return {
    input: { open: () => topics.open(input.topic), ranges: wanted },
    committed,
    selection: selection.isNeeded ? selection : null,
    routes: await Promise.all(
      Object.entries(config.output.routes).map(async ([topic, condition]) => ({
        topic,
        open: () => topics.open(topic),
        ranges: await topics.ranges(topic),
        meets: meeting(condition, config),
      })),
    ),
    ...(await topics.answers(offsets)),
  };
}

/** Of results in Avro a schema may have to be asked for: they are only counted. */
function meeting(text: string, { output }: Config): ((result: RecordView) => boolean) | null {
  if (output.format === 'avro') return null;
  const codec = codecs[output.format];
  const condition = parseCondition(text);
  return ({ bytes, valueStart, valueEnd }) => {
    const result = codec.decode(bytes, valueStart, valueEnd) as Readonly<Record<string, unknown>>;
    return holds(condition, (name) => result[name]);
  };
}

const routesInWords = ({ routes }: AuditReport, { output }: Config): string[] =>
  routes.map(({ topic, due, routed, repeated, missing }) => {
    const wanted = due === null ? 'not known' : due;
    return (
      `route ${topic} (${output.routes[topic]}): ${wanted} committed results meet it, ${routed} records are there, ` +
      `${repeated} of them repeated, ${missing ?? 'not known'} missing`
    );
  });

function doubts({ unsure: { trusted, others } }: AuditReport): string[] {
  return [
    ...(trusted > 0
      ? [
          `${trusted} answers name no topic id, as before there were any; they are taken for answers to this topic`,
        ]
      : []),
    ...(others > 0
      ? [`${others} answers are to records of a topic that had this name before; they were left out`]
      : []),
  ];
}

const COLUMNS = [
  'inputs',
  'scoredOnce',
  'repeated',
  'dead',
  'skipped',
  'missing',
  'outOfOrder',
  'pending',
] as const;
const HEADS = [
  'partition',
  'inputs',
  'scored once',
  'repeated',
  'dead',
  'skipped',
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

export const registerAudit: Register = (program, finish) => {
  withJob(
    program,
    'audit',
    'hold input, results and dead letters against each other; exits 1 when an answer is missing',
  )
    .option('--from <time>', 'input from this record timestamp on, as ISO 8601', timeArgument)
    .option('--to <time>', 'input up to this record timestamp, as ISO 8601', timeArgument)
    .option('--json', 'print the report as JSON', false)
    .action(async (flags: JobFlags & { from?: number; to?: number; json: boolean }) => {
      const { from, to } = flags;
      if (from !== undefined && to !== undefined && from >= to)
        throw new SettingError(`--to: expected a time after --from, ${dateOf(from)}, found ${dateOf(to)}`);
      finish(
        await auditCommand(loadJob(flags), {
          json: flags.json,
          ...(flags.from === undefined ? {} : { fromMs: flags.from }),
          ...(flags.to === undefined ? {} : { toMs: flags.to }),
        }),
      );
    });
};
