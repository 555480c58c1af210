// Reads the daemon's own log: its reports, its partitions, and the rest for when it fails.

import type { Report } from '../../src/daemon/reporting.ts';
import type { TimedLine, TimedReport } from './log.ts';

interface Line extends Report {
  readonly msg: string;
  readonly time: string | number;
  readonly partitions?: readonly string[];
  /** Where there are several. */
  readonly job?: string;
}

const KEPT_LINES = 30;
const SAID_MAX = 1_000;

export class LogLines {
  readonly reports: TimedReport[] = [];
  /** What else it said, and when. */
  readonly said: TimedLine[] = [];
  /** Partitions of the last assignment of each job. */
  readonly #lanes = new Map<string | undefined, number>();
  readonly #kept: string[] = [];
  #rest = '';

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#read(line);
  }

  get lanes(): number {
    return [...this.#lanes.values()].reduce((sum, each) => sum + each, 0);
  }

  /** The last lines that are no reports. */
  get tail(): string {
    return this.#kept.join('\n');
  }

  #read(text: string): void {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      this.#keep(text);
      return;
    }
    const { msg, time, partitions, job, ...report } = line;
    if (msg === 'report') {
      this.reports.push({ ...report, atMs: new Date(time).getTime() });
      return;
    }
    if (this.said.length < SAID_MAX) this.said.push({ atMs: new Date(time).getTime(), msg });
    if (msg === 'assigned') this.#lanes.set(job, partitions?.length ?? 0);
    this.#keep(text);
  }

  #keep(text: string): void {
    this.#kept.push(text);
    if (this.#kept.length > KEPT_LINES) this.#kept.shift();
  }
}
