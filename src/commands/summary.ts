// The closing summary, for people.

import type { Summary } from '../telemetry/meter.ts';
import { STAGES } from '../telemetry/stages.ts';

export function printSummary(summary: Summary, lag: number): void {
  const { scored, deadLetters, skipped, seconds, recordsPerSecond, latencyMs } = summary;
  const { late, forgotten, hurried, ahead } = summary.windows;
  const noRoom = forgotten + hurried;
  const count = (value: number): string => value.toLocaleString('en');
  const ms = (value: number): string => ` ${value.toFixed(2)}`.padStart(12);
  const passedOver = skipped > 0 ? `${count(skipped)} skipped, ` : '';
  const lines = [
    `scored ${count(scored)} records in ${seconds.toFixed(1)} s with ${summary.model} on ${summary.backend}: ` +
      `${count(recordsPerSecond)} records/s, ${count(deadLetters)} dead letters, ${passedOver}lag ${count(lag)}`,
    `CPU ${summary.cpuMicrosPerRecord.toFixed(2)} us a record over all threads, ` +
      `${summary.mainThreadCpuMicrosPerRecord.toFixed(2)} us of it on the main thread; ` +
      `${Math.round(summary.peakResidentBytes / 2 ** 20)} MiB resident at most`,
    ...(late + noRoom + ahead > 0
      ? [
          `windows: ${count(late)} records came too late for them, ${count(ahead)} were dated too far ahead; ` +
            `${count(noRoom)} times there was no room`,
        ]
      : []),
    `${'latency, ms'.padEnd(12)}${['p50', 'p99', 'p99.9', 'max'].map((name) => name.padStart(12)).join('')}`,
    ...STAGES.map((stage) => {
      const { p50, p99, p999, max } = latencyMs[stage];
      return `${stage.padEnd(12)}${ms(p50)}${ms(p99)}${ms(p999)}${ms(max)}`;
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
