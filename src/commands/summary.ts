// The summary at the end, for people.

import type { Counts, CountTable } from '../base/counts.ts';
import { grouped } from '../base/grouped.ts';
import { CODES, REJECTIONS } from '../features/rejection.ts';
import { WINDOW_COUNTS } from '../features/window-counts.ts';
import { RECORD_COUNTS } from '../scoring/record-counts.ts';
import { DAEMON_COUNTS } from '../telemetry/daemon-counts.ts';
import type { Summary } from '../telemetry/meter.ts';
import { STAGES } from '../telemetry/stages.ts';

/** Every daemon has micro-batches. People should hear of all other counts. */
const { microBatches: _, ...UNUSUAL } = DAEMON_COUNTS;
/** These stand in the first line. */
const { scored: _scored, deadLetters: _deadLetters, skipped: _skipped, ...OTHERS } = RECORD_COUNTS;

/** The counts that are not zero, with their meaning. */
const told = <Table extends CountTable>(table: Table, counts: Counts<Table>): string[] =>
  Object.entries(table)
    .filter(([name]) => counts[name as keyof Table] > 0)
    .map(([name, meaning]) => `${grouped(counts[name as keyof Table])} ${name}: ${meaning}`);

const lettersByCode = ({ deadLetterCodes }: Summary): string[] =>
  CODES.flatMap((code) => {
    const count = deadLetterCodes[code] ?? 0;
    return count === 0 ? [] : [`${grouped(count)} dead letters ${code}: ${REJECTIONS[code][1]}`];
  });

export function printSummary(summary: Summary, lag: number | null): void {
  const { scored, deadLetters, skipped, seconds, recordsPerSecond, latencyMs } = summary;
  const ms = (value: number): string => ` ${value.toFixed(2)}`.padStart(12);
  const passedOver = skipped > 0 ? `${grouped(skipped)} skipped, ` : '';
  const lines = [
    `scored ${grouped(scored)} records in ${seconds.toFixed(1)} s with ${summary.model} on ${summary.backend}: ` +
      `${grouped(recordsPerSecond)} records/s, ${grouped(deadLetters)} dead letters, ${passedOver}` +
      `lag ${lag === null ? 'not known' : grouped(lag)}`,
    `${summary.wallSeconds.toFixed(1)} s wall time, ${summary.activeSeconds.toFixed(1)} s of it active: ` +
      'with records waiting, scored or produced',
    `CPU ${summary.cpuMicrosPerRecord.toFixed(2)} us a record over all threads, ` +
      `${summary.mainThreadCpuMicrosPerRecord.toFixed(2)} us of it on the main thread; ` +
      `${Math.round(summary.peakResidentBytes / 2 ** 20)} MiB resident at most`,
    ...lettersByCode(summary),
    ...told(OTHERS, summary),
    ...told(WINDOW_COUNTS, summary.windows),
    ...told(UNUSUAL, summary),
    `${'latency, ms'.padEnd(12)}${['p50', 'p99', 'p99.9', 'max'].map((name) => name.padStart(12)).join('')}`,
    ...STAGES.map((stage) => {
      const { p50, p99, p999, max } = latencyMs[stage];
      return `${stage.padEnd(12)}${ms(p50)}${ms(p99)}${ms(p999)}${ms(max)}`;
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
